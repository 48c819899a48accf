// How far the estimate of lost orders is from what was lost, asked of the product at the end of each fault:
//   npm run bench:impact -- --data DIR --truth DIR/truth.json [--cache DIR] [--only REGEX]
//   npm run bench:impact -- --generator generate.mjs --seed NAME [--only REGEX]
// The truth says when to ask and what was lost. The onset is asked for twice: as it was, and as the product finds it.
import { parseArgs } from 'node:util';
import type { Loss } from '../../packages/checkout/src/impact/measure-loss.ts';
import { type Answer, askAbout } from './impact-ask.ts';
import { generatedScenarios, type ImpactTruth, recordedScenarios } from './impact-scenarios.ts';

const USAGE = `usage: npm run bench:impact -- --data DIR --truth truth.json [--cache DIR] [--only REGEX]
       npm run bench:impact -- --generator generate.mjs --seed NAME [--only REGEX]`;
/** Shops for which the estimate has to be good. */
const ENOUGH_ORDERS_A_MINUTE = 10;

type Fault = NonNullable<ImpactTruth['fault']>;

const values = flags();
const scenarios = await open();
const only = new RegExp(values.only ?? '');
const given: Judged[] = [];
const found: Judged[] = [];
let unnoticed = 0;

console.log(
  'scenario                     orders/min     lost | onset given: estimate (range) error | onset found: late, estimate, error',
);
for (const scenario of scenarios) {
  if (!only.test(scenario.id)) continue;
  const { truth, queryable } = await scenario.open();
  const { fault } = truth;
  if (fault === undefined || fault.lost_orders <= 0) continue;
  const answer = await askAbout(queryable, fault.start * 1_000, fault.end * 1_000);
  given.push(judge(answer.given, fault, answer));
  if (answer.found === undefined) unnoticed++;
  else found.push(judge(answer.found.loss, fault, answer));
  console.log(line(truth.id, fault, answer));
}
summarise('onset given', given);
summarise('onset found', found);
if (unnoticed > 0) console.log(`not noticed by any rule, so without an onset: ${unnoticed}`);

function flags() {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      options: { data: text, truth: text, cache: text, generator: text, seed: text, only: text },
    }).values;
  } catch (error) {
    console.error(`bench:impact: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

async function open() {
  const { data, truth, cache, generator, seed } = values;
  try {
    if (generator !== undefined && seed !== undefined) return await generatedScenarios(generator, seed);
    if (data !== undefined && truth !== undefined) return await recordedScenarios(data, truth, cache);
  } catch (error) {
    console.error(`bench:impact: ${(error as Error).message}`);
    process.exit(1);
  }
  console.error(USAGE);
  process.exit(2);
}

interface Judged {
  readonly error: number;
  readonly moneyError: number;
  readonly isCovered: boolean;
  readonly isLarge: boolean;
}

function judge({ orders, money }: Loss, fault: Fault, { ordersPerMinute }: Answer): Judged {
  return {
    error: (orders.mid - fault.lost_orders) / fault.lost_orders,
    moneyError: (money.mid - fault.lost_revenue) / fault.lost_revenue,
    isCovered: orders.low <= fault.lost_orders && fault.lost_orders <= orders.high,
    isLarge: ordersPerMinute >= ENOUGH_ORDERS_A_MINUTE,
  };
}

function line(id: string, fault: Fault, answer: Answer): string {
  const told = ({ orders }: Loss) => {
    const error = (100 * (orders.mid - fault.lost_orders)) / fault.lost_orders;
    const isCovered = orders.low <= fault.lost_orders && fault.lost_orders <= orders.high;
    return `${orders.mid} (${orders.low} – ${orders.high}) ${error.toFixed(1)} %${isCovered ? '' : ' outside'}`;
  };
  const late = answer.found === undefined ? 0 : (answer.found.sinceMs / 1_000 - fault.start) / 60;
  return [
    `${id.padEnd(28)} ${answer.ordersPerMinute.toFixed(1).padStart(10)} ${fault.lost_orders.toFixed(0).padStart(8)}`,
    told(answer.given),
    answer.found === undefined
      ? 'not noticed'
      : `${answer.found.kind} ${late.toFixed(1)} min, ${told(answer.found.loss)}`,
  ].join(' | ');
}

function summarise(title: string, all: readonly Judged[]): void {
  const large = all.filter(({ isLarge }) => isLarge);
  summariseSome(`${title}, ${ENOUGH_ORDERS_A_MINUTE} orders a minute and more`, large);
  summariseSome(`${title}, all`, all);
}

function summariseSome(title: string, some: readonly Judged[]): void {
  if (some.length === 0) return;
  const sizes = (values: readonly number[]) => values.map(Math.abs).sort((a, b) => a - b);
  const errors = sizes(some.map(({ error }) => error));
  const money = sizes(some.map(({ moneyError }) => moneyError));
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const at = (sorted: readonly number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  let bias = 0;
  for (const { error } of some) bias += error / some.length;
  const covered = some.filter(({ isCovered }) => isCovered).length / some.length;
  console.log(
    `${title} (${some.length}): median error ${percent(at(errors, 0.5))}, p90 ${percent(at(errors, 0.9))}, ` +
      `mean ${percent(bias)}, money median ${percent(at(money, 0.5))}, in the range ${percent(covered)}`,
  );
}
