import type { Querier, VectorSample } from '@tillwatch/model';
import type { OverviewProvider, OverviewStep, OverviewTone } from '../overview.ts';
import { counted } from '../plan/expressions.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

/** Long enough for small shops to show something, short enough to follow what happens. */
const WINDOW = '5m';
/** More is no journey but a label explosion. */
const MAX_ROWS = 30;

/** The steps of the journey in order: how many came to each, and how many it lost. */
export async function readFunnel(querier: Querier, config: TillwatchConfig, nowMs: number): Promise<OverviewStep[]> {
  const [ended, p95] = await Promise.all([
    querier.instant(`sum by (step, outcome, reason_class) (${counted('checkout_outcomes_total', WINDOW)})`, nowMs),
    querier.instant(
      `histogram_quantile(0.95, sum by (step, le) (rate(checkout_step_duration_seconds_bucket[${WINDOW}])))`,
      nowMs,
    ),
  ]);
  const at = (step: string, fits: (sample: VectorSample) => boolean) =>
    total(ended.filter((sample) => sample.labels.get('step') === step && fits(sample)));
  const isSuccess = ({ labels }: VectorSample) => labels.get('outcome') === 'success';
  const isFailure = ({ labels }: VectorSample) => labels.get('outcome') === 'failure';
  const isTechnical = ({ labels }: VectorSample) => labels.get('reason_class') === 'technical';

  // Who ended in a step had come through all steps before it; a success came through all.
  let entered = total(ended);
  return stepsInOrder(config, ended).map((step) => {
    const failed = at(step, (sample) => isFailure(sample) && isTechnical(sample));
    const declined = at(step, (sample) => isFailure(sample) && !isTechnical(sample));
    const abandoned = at(step, ({ labels }) => labels.get('outcome') === 'abandoned');
    const row: OverviewStep = {
      step,
      entered: Math.round(entered),
      failed: Math.round(failed),
      declined: Math.round(declined),
      abandoned: Math.round(abandoned),
      p95Seconds: finite(p95.find(({ labels }) => labels.get('step') === step)?.value),
      tone: toneOf(failed, entered, config),
    };
    entered -= total(ended.filter((sample) => sample.labels.get('step') === step && !isSuccess(sample)));
    return row;
  });
}

/** As the config says; steps that only the data knows come last. */
function stepsInOrder({ journey }: TillwatchConfig, ended: readonly VectorSample[]): string[] {
  const seen = new Set(ended.map(({ labels }) => labels.get('step')).filter((step) => step !== ''));
  const steps = seen.size === 0 ? [] : [...new Set([...journey.steps, ...seen])];
  return steps.slice(0, MAX_ROWS);
}

/** Payment providers: what succeeds, what fails technically, and how long they take. */
export async function readProviders(
  querier: Querier,
  config: TillwatchConfig,
  nowMs: number,
): Promise<OverviewProvider[]> {
  const finished = 'checkout_outcomes_total{outcome=~"success|failure",reason_class=~"|technical",provider!=""}';
  const [ended, p95] = await Promise.all([
    querier.instant(`sum by (provider, outcome) (${counted(finished, WINDOW)})`, nowMs),
    querier.instant(
      `histogram_quantile(0.95, sum by (provider, le) (rate(checkout_step_duration_seconds_bucket{provider!=""}[${WINDOW}])))`,
      nowMs,
    ),
  ]);
  const seen = ended.map(({ labels }) => labels.get('provider'));
  const names = [...new Set([...config.journey.providers.filter((name) => seen.includes(name)), ...seen])];
  return names.slice(0, MAX_ROWS).map((provider) => {
    const of = (outcome: string) =>
      total(ended.filter(({ labels }) => labels.get('provider') === provider && labels.get('outcome') === outcome));
    const orders = of('success');
    const failed = of('failure');
    const all = orders + failed;
    return {
      provider,
      successRate: all > 0 ? orders / all : null,
      errorRate: all > 0 ? failed / all : null,
      orders: Math.round(orders),
      p95Seconds: finite(p95.find(({ labels }) => labels.get('provider') === provider)?.value),
      tone: all > 0 ? toneOf(failed, all, config) : 'unknown',
    };
  });
}

/** A colour needs as many failures as an alert does. */
function toneOf(failed: number, of: number, { objectives }: TillwatchConfig): OverviewTone {
  if (failed < objectives.minimumFailures || of <= 0) return 'good';
  if (failed / of > 1 - objectives.successRate) return 'bad';
  return failed / of > objectives.errorRate ? 'warning' : 'good';
}

function total(samples: readonly VectorSample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}
