// What the product says about a scenario: rules are played over its past, and the story of the incident is read from there.
import { replayRules } from '@tillwatch/alerting';
import { plan, readTillwatchConfig, type TillwatchConfig } from '@tillwatch/checkout';
import { type RuleGroup, readRuleFile } from '@tillwatch/config';
import { type Alert, isError, Labels, type Querier, type Queryable } from '@tillwatch/model';
import { type Expr, evaluateInstant, evaluateRange, parse } from '@tillwatch/promql';
import { type Loss, measureLoss } from '../../packages/checkout/src/impact/measure-loss.ts';
import { IncidentReader } from '../../packages/checkout/src/incident/incident.ts';
import { isUnseen } from '../../packages/checkout/src/incident/incident-kind.ts';

/** Two currencies of the same nominal value: the truth adds them up. */
const SHOP = `shop: { name: Bench, currency: EUR, rates: { USD: 1 } }
targets: [{ urls: [http://shop:8080/metrics] }]
journey: { steps: [cart, inventory, discount, shipping, payment, confirm] }
teams: { ops: { email: { to: ops@example.com } } }
`;
const HOUR_MS = 3_600_000;
/** Rules are played from so long before the trouble on, so that an onset can be found that creeps. */
const WARM_UP_MS = 2.5 * HOUR_MS;

/** What the product says at the end of the trouble. */
export interface Answer {
  /** With the onset given. */
  readonly given: Loss;
  /** With the onset that the product finds; `undefined` where no rule has noticed anything. */
  readonly found: { readonly sinceMs: number; readonly kind: string; readonly loss: Loss } | undefined;
  /** In the hour before the trouble. */
  readonly ordersPerMinute: number;
}

/** Asks about the trouble between two moments; nothing after `untilMs` is looked at. */
export async function askAbout(queryable: Queryable, sinceMs: number, untilMs: number): Promise<Answer> {
  const { config, groups } = shop();
  const replay = await replayRules({
    groups,
    queryable,
    fromMs: sinceMs - WARM_UP_MS,
    toMs: untilMs,
    evaluationIntervalMs: config.scrape.evaluationIntervalMs,
  });
  const querier = querierOf(replay.queryable);
  const alerts = replay.alerts
    .filter(({ firedAtMs, resolvedAtMs }) => firedAtMs >= sinceMs && (resolvedAtMs ?? untilMs) >= sinceMs)
    .map(
      ({ labels, annotations, firedAtMs }): Alert => ({
        labels,
        annotations,
        startsAtMs: firedAtMs,
        endsAtMs: untilMs + HOUR_MS,
        generatorUrl: '',
      }),
    );
  const clock = { nowMs: () => untilMs, sleep: () => Promise.resolve() };
  const reader = new IncidentReader(querier, config, clock, undefined, undefined);
  const pages = alerts.filter(({ labels }) => labels.get('severity') === 'page');
  const incident = await reader.read({
    receiver: 'ops',
    groupKey: '',
    groupLabels: Labels.empty,
    status: 'firing',
    alerts: pages.length > 0 ? pages : alerts,
    atMs: untilMs,
  });
  const periods = { sinceMs, untilMs, pastMs: config.objectives.comparedWithMs };
  const [before] = await querier.instant('sum(increase(checkout_outcomes_total{outcome="success"}[1h])) / 60', sinceMs);
  return {
    given: await measureLoss(querier, config, periods, incident !== undefined && isUnseen(incident.kind)),
    found: incident === undefined ? undefined : { sinceMs: incident.sinceMs, kind: incident.kind, loss: incident.loss },
    ordersPerMinute: before?.value ?? 0,
  };
}

let known: { readonly config: TillwatchConfig; readonly groups: readonly RuleGroup[] } | undefined;

function shop(): NonNullable<typeof known> {
  if (known !== undefined) return known;
  const { config, problems } = readTillwatchConfig({ file: 'tillwatch.yaml', text: SHOP });
  if (config === undefined) throw new Error(problems[0]?.message);
  const files = plan(config).filter(({ path }) => /^rules\/[a-z]+\.yml$/.test(path));
  const groups = files.flatMap(({ path, content }) => {
    const read = readRuleFile({ file: path, text: content });
    if (read.problems.some(isError)) throw new Error(`${path}: ${read.problems[0]?.message}`);
    return read.groups;
  });
  known = { config, groups };
  return known;
}

function querierOf(queryable: Queryable): Querier {
  const parsed = new Map<string, Expr>();
  const exprOf = (text: string): Expr => {
    let expr = parsed.get(text);
    if (expr === undefined) {
      const result = parse(text);
      if (!result.ok) throw new Error(`${result.problems[0]?.message}: ${text}`);
      expr = result.expr;
      parsed.set(text, expr);
    }
    return expr;
  };
  return {
    async instant(text, atMs) {
      const { value } = evaluateInstant(exprOf(text), atMs, { queryable });
      if (value.type === 'vector') return value.samples;
      return value.type === 'scalar' ? [{ labels: Labels.empty, timestampMs: atMs, value: value.value }] : [];
    },
    async range(text, startMs, endMs, stepMs) {
      return evaluateRange(exprOf(text), { startMs, endMs, stepMs }, { queryable }).series;
    },
  };
}
