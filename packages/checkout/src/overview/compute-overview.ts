import { type Alert, Labels, type Querier } from '@tillwatch/model';
import { tellFinding, tellMissing } from '../briefing/compose-briefing.ts';
import { Numbers } from '../briefing/numbers.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import type { Finding } from '../diagnosis/outcome-cell.ts';
import { type Loss, measureLoss } from '../impact/measure-loss.ts';
import { type IncidentKind, isUnseen, weightiest } from '../incident/incident-kind.ts';
import { findOnset } from '../incident/onset.ts';
import type { CheckoutOverview, OverviewComponent, OverviewImpact, OverviewMoney, OverviewTone } from '../overview.ts';
import { shopUp } from '../plan/expressions.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { BriefingWords } from '../words/briefing-words.ts';
import { readFunnel, readProviders } from './journey-figures.ts';
import { readOtherMoney, readRates } from './rates.ts';

export interface OverviewOptions {
  readonly querier: Querier;
  readonly config: TillwatchConfig;
  readonly nowMs: number;
}

/** Evidence, in nats, at which the page turns yellow and red; alerts page at the latter too. */
const DOUBTFUL = 4;
const CONVINCING = 12;

/**
 * What the live page shows: the verdict in one sentence, figures now and before, the journey step by step, what is failing
 * and what that costs. Reads the series of the generated rules; what is not there comes back as `null` or empty.
 */
export async function overview({ querier, config, nowMs }: OverviewOptions): Promise<CheckoutOverview> {
  const { shop, objectives } = config;
  const [state, rates, otherMoneyPerMinute, funnel, providers] = await Promise.all([
    readState(querier, config, nowMs),
    readRates(querier, config, nowMs),
    readOtherMoney(querier, config, nowMs),
    readFunnel(querier, config, nowMs),
    readProviders(querier, config, nowMs),
  ]);
  const judged = judge(state, rates.successRate.now, config);
  // Alerts outlast their fault for some minutes; what works again is not called failing.
  const isRecovering = judged === 'bad' && hasRecovered(state, rates.successRate.now, config);
  const tone = isRecovering ? 'warning' : judged;
  const trouble = tone === 'bad' || tone === 'warning' ? await readTrouble(querier, config, state, nowMs) : undefined;
  const successTone = rates.successRate.now === null ? 'unknown' : toneOfEvidence(state, rates.successRate.now, config);
  return {
    shop: shop.name,
    language: shop.language,
    currency: shop.currency,
    atMs: nowMs,
    verdict: {
      tone,
      sentence: isRecovering
        ? wordsOf(config).say(wordsOf(config).texts.verdict.recovering, {
            success: numbersOf(config).percent(rates.successRate.now ?? 1),
          })
        : verdict(config, tone, state, rates.successRate.now, trouble, funnel.length > 0),
    },
    ...rates,
    otherMoneyPerMinute,
    successRate: { ...rates.successRate, tone: successTone },
    errorRate: { ...rates.errorRate, tone: successTone },
    objectives: {
      successRate: objectives.successRate,
      errorRate: objectives.errorRate,
      p95Seconds: objectives.stepP95Seconds,
    },
    funnel,
    providers,
    failing: trouble?.components ?? [],
    impact: trouble?.impact ?? null,
    staleSinceMs: state.staleSinceMs,
  };
}

interface State {
  readonly alerts: readonly Alert[];
  readonly evidence: number;
  readonly isUp: boolean | undefined;
  readonly staleSinceMs: number | null;
}

interface Trouble {
  readonly kind: IncidentKind;
  readonly components: readonly OverviewComponent[];
  readonly impact: OverviewImpact | null;
}

async function readState(querier: Querier, config: TillwatchConfig, nowMs: number): Promise<State> {
  const { pair } = windowsFor(config);
  const up = shopUp(config);
  const [firing, evidence, ups, seen, seenLongAgo] = await Promise.all([
    // ALERTS_FOR_STATE is the moment at which an alert became active.
    querier.instant(
      'ALERTS_FOR_STATE{journey="checkout"} and on (alertname) ALERTS{journey="checkout",alertstate="firing"}',
      nowMs,
    ),
    querier.instant(`checkout:error_evidence:${pair}{slice="all"}`, nowMs),
    querier.instant(`max(${up})`, nowMs),
    querier.instant(`max(timestamp(${up}))`, nowMs),
    querier.instant(`max(max_over_time(timestamp(${up})[1d:5m]))`, nowMs),
  ]);
  const lastMs = (seen[0] ?? seenLongAgo[0])?.value;
  const isStale = lastMs !== undefined && nowMs - lastMs * 1_000 > Math.max(30_000, 3 * config.scrape.intervalMs);
  return {
    alerts: firing.map(({ labels, value }) => asAlert(labels, value * 1_000)),
    evidence: evidence[0]?.value ?? 0,
    isUp: ups[0] === undefined ? undefined : ups[0].value > 0,
    staleSinceMs: isStale ? lastMs * 1_000 : null,
  };
}

function asAlert(labels: Labels, startsAtMs: number): Alert {
  return {
    labels: labels.without(['__name__']),
    annotations: Labels.empty,
    startsAtMs,
    endsAtMs: Number.MAX_SAFE_INTEGER,
    generatorUrl: '',
  };
}

function judge(state: State, successRate: number | null, config: TillwatchConfig): OverviewTone {
  if (state.staleSinceMs !== null || state.isUp === undefined) return 'unknown';
  const isPaged = state.alerts.some(
    ({ labels }) => labels.get('severity') === 'page' && labels.get('area') === 'customers',
  );
  if (isPaged || !state.isUp) return 'bad';
  const byEvidence = successRate === null ? 'good' : toneOfEvidence(state, successRate, config);
  if (byEvidence !== 'good') return byEvidence;
  return state.alerts.some(({ labels }) => labels.get('severity') === 'page') ? 'warning' : 'good';
}

/** Do purchases succeed again while only alerts about failures (or what came with them) still fire? */
function hasRecovered({ alerts, isUp }: State, successRate: number | null, { objectives }: TillwatchConfig): boolean {
  if (isUp !== true || successRate === null || successRate < 1 - objectives.errorRate) return false;
  return weightiest(alerts)?.kind === 'failures';
}

/** One failed order at night is a success rate of zero and no reason for red. */
function toneOfEvidence({ evidence }: State, successRate: number, { objectives }: TillwatchConfig): OverviewTone {
  if (successRate < objectives.successRate && evidence > CONVINCING) return 'bad';
  if (successRate < 1 - objectives.errorRate && evidence > DOUBTFUL) return 'warning';
  return 'good';
}

async function readTrouble(
  querier: Querier,
  config: TillwatchConfig,
  { alerts }: State,
  nowMs: number,
): Promise<Trouble> {
  const kind = weightiest(alerts)?.kind ?? 'failures';
  const startMs = Math.min(nowMs, ...alerts.map(({ startsAtMs }) => startsAtMs));
  const sinceMs = Math.min(startMs, await findOnset(querier, config, kind, startMs));
  const periods = { sinceMs, untilMs: Math.max(nowMs, sinceMs + 1_000), pastMs: config.objectives.comparedWithMs };
  const [diagnosis, loss] = await Promise.all([
    diagnose(querier, periods),
    measureLoss(querier, config, periods, isUnseen(kind)),
  ]);
  const words = wordsOf(config);
  const numbers = numbersOf(config);
  const component = (finding: Finding, sentence: string): OverviewComponent => ({
    labels: finding.labels,
    share: finding.share,
    extraFailures: Math.round(finding.extra),
    sentence,
  });
  const isMissing = kind === 'attempts-stopped' || kind === 'orders-drop';
  return {
    kind,
    components: [
      ...diagnosis.failures.map((finding) => component(finding, tellFinding(finding, words, numbers))),
      ...(isMissing
        ? diagnosis.missing.map((finding) => component(finding, tellMissing(finding, words, numbers)))
        : []),
    ],
    impact: loss.orders.mid < 1 ? null : impactOf(loss, sinceMs, config),
  };
}

function impactOf(loss: Loss, sinceMs: number, { shop }: TillwatchConfig): OverviewImpact {
  return {
    sinceMs,
    lostOrders: loss.orders,
    lostMoney: loss.money,
    otherMoney: loss.otherMoney.filter(({ money }) => money.mid > 0),
    converted:
      loss.money.mid > 0 ? Object.entries(shop.rates).map(([currency, rate]) => inCurrency(loss, currency, rate)) : [],
    ordersPerHour: loss.ordersPerHour,
    moneyPerHour: loss.moneyPerHour,
    currency: shop.currency,
  };
}

/** What is lost, in another currency. `rate` is what one unit of that is worth in the shop's own. */
function inCurrency({ money: { low, mid, high } }: Loss, currency: string, rate: number): OverviewMoney {
  return { currency, money: { low: low / rate, mid: mid / rate, high: high / rate } };
}

function verdict(
  config: TillwatchConfig,
  tone: OverviewTone,
  state: State,
  successRate: number | null,
  trouble: Trouble | undefined,
  hasTraffic: boolean,
): string {
  const words = wordsOf(config);
  const { verdict: texts } = words.texts;
  const numbers = numbersOf(config);
  if (state.staleSinceMs !== null) return words.say(texts.stale, { clock: numbers.clock(state.staleSinceMs) });
  if (tone === 'unknown') return texts.no_data;
  if (state.isUp === false || trouble?.kind === 'shop-down') return texts.down;
  if (trouble?.kind === 'attempts-stopped' || trouble?.kind === 'silent') return texts.few_attempts;
  const culprit = trouble?.components[0];
  if (successRate === null) return hasTraffic || tone !== 'good' ? texts.few_attempts : texts.quiet;
  const values = {
    success: numbers.percent(successRate),
    part: culprit === undefined ? undefined : words.part(culprit.labels),
  };
  if (tone === 'bad') return words.say(trouble?.kind === 'slow' ? texts.slow_steps : texts.failing, values);
  return words.say(tone === 'warning' ? texts.warning : texts.good, values);
}

function wordsOf({ shop, messages }: TillwatchConfig): BriefingWords {
  return new BriefingWords('page', shop.language, messages.overrides);
}

function numbersOf({ shop }: TillwatchConfig): Numbers {
  return new Numbers(shop.language, shop.currency, shop.timezone);
}
