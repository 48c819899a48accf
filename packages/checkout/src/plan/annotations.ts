import type { Audience, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type AlertWords, alertWords, type LanguageBase, languageBase } from '../words/alert-words.ts';
import type { AlertName } from './alert-catalogue.ts';
import type { Windows } from './windows.ts';

/**
 * The annotations of one alert: Prometheus templates, so that they say as much in a stack without Tillwatch. `dev`, `ops`
 * and `business` are in the language of the first team with that audience, the others in the shop's.
 */
export function annotationsFor(alert: AlertName, config: TillwatchConfig, windows: Windows): Record<string, string> {
  const { shop } = config;
  const shopLanguage = languageBase(shop.language);
  const language = (audience: Audience): LanguageBase =>
    languageBase(config.teams.find((team) => team.audience === audience)?.language ?? shop.language);
  const words = (base: LanguageBase): AlertWords => alertWords[base][alert];
  return {
    summary: filled(words(shopLanguage).summary, shopLanguage),
    description: words(shopLanguage).ops,
    components: components(windows, shopLanguage),
    impact: impact(config, windows, shopLanguage),
    dev: sentence(words(language('dev')), 'dev', language('dev')),
    ops: sentence(words(language('ops')), 'ops', language('ops')),
    business: sentence(words(language('business')), 'business', language('business')),
    runbook_url: `${shop.runbookUrl}/${alert}`,
    dashboard_url: shop.dashboardUrl,
  };
}

function sentence(words: AlertWords, audience: Audience, language: LanguageBase): string {
  // The business side reads no shares of steps and providers: the plain sentence is enough.
  return audience === 'business' ? words.business : `${filled(words.summary, language)}. ${words[audience]}`;
}

function filled(summary: string, language: LanguageBase): string {
  const label = (name: string) => `{{ $labels.${name} }}`;
  return summary
    .replaceAll('{value}', '{{ $value | humanizePercentage }}')
    .replaceAll('{seconds}', '{{ $value | humanizeDuration }}')
    .replaceAll('{count}', '{{ $value | printf "%.0f" }}')
    .replaceAll('{where}', where(language))
    .replaceAll(/\{(job|instance|route|metric)\}/g, (_, name: string) => label(name));
}

const SLICE_WORDS: Readonly<Record<LanguageBase, Readonly<Record<string, string>>>> = {
  en: {
    provider: 'with provider',
    method: 'with payment method',
    region: 'in region',
    channel: 'in channel',
    version: 'in version',
    step: 'in step',
    instance: 'on instance',
    pool: 'in pool',
  },
  de: {
    provider: 'beim Anbieter',
    method: 'bei der Zahlart',
    region: 'in der Region',
    channel: 'im Kanal',
    version: 'in Version',
    step: 'im Schritt',
    instance: 'auf Instanz',
    pool: 'im Pool',
  },
};

/** ` with provider nordpay`, from whichever label the alert has. */
function where(language: LanguageBase): string {
  return Object.entries(SLICE_WORDS[language])
    .map(([label, words]) => `{{ if $labels.${label} }} ${words} {{ $labels.${label} }}{{ end }}`)
    .join('');
}

/** The slices whose failures stand out now, worst first, and the reasons given. */
function components({ pair }: Windows, language: LanguageBase): string {
  const ratio = `checkout:error_ratio:${pair}`;
  const worst = `topk(3, (${ratio}{slice!~"all|step"} > on () group_left () (1.3 * ${ratio}{slice="all"})) and checkout:slice_evidence:${pair} > 6)`;
  const reasons = `topk(2, sum by (step, reason) (increase(checkout_outcomes_total{outcome="failure",reason_class="technical"}[${pair}])) >= 1)`;
  // vmalert writes "<no value>" for a label that is not there.
  const name = ['provider', 'method', 'region', 'channel', 'version', 'instance']
    .map((label) => `{{ if .Labels.${label} }}{{ .Labels.${label} }}{{ end }}`)
    .join('');
  const fail = language === 'de' ? 'scheitern' : 'fail';
  const times = language === 'de' ? 'mal' : 'times';
  return [
    `{{ range query ${JSON.stringify(worst)} }}{{ .Labels.slice }} ${name}: {{ . | value | humanizePercentage }} ${fail}; {{ end }}`,
    `{{ range query ${JSON.stringify(reasons)} }}{{ .Labels.step }} {{ .Labels.reason }}: {{ . | value | printf "%.0f" }} ${times}; {{ end }}`,
  ].join('');
}

const IMPACT_WORDS = {
  en: {
    about: 'about',
    lost: 'orders lost so far',
    perHour: { orders: 'orders per hour', money: ' per hour' },
    estimate: 'estimates',
  },
  de: {
    about: 'etwa',
    lost: 'Bestellungen bisher verloren',
    perHour: { orders: 'Bestellungen je Stunde', money: ' je Stunde' },
    estimate: 'Schätzungen',
  },
} as const satisfies Record<LanguageBase, unknown>;

/** What is lost so far and per hour, estimated from the orders before and the failures now. */
function impact({ shop }: TillwatchConfig, { pair }: Windows, language: LanguageBase): string {
  const perHour = `checkout:lost_orders_per_hour:${pair}`;
  // The series of an alert tells since when it has been active.
  const soFar = `${perHour} * on () (time() - min(ALERTS_FOR_STATE{journey="checkout",severity="page"})) / 3600`;
  const value =
    shop.averageOrderValue === undefined
      ? 'checkout:order_value:before'
      : `(checkout:order_value:before or vector(${shop.averageOrderValue}))`;
  const { about, lost, perHour: anHour, estimate } = IMPACT_WORDS[language];
  const rounded = '{{ . | value | printf "%.0f" }}';
  const told = (orders: string, lostOrders: string, per: string, end: string) =>
    `{{ range query ${JSON.stringify(`${orders} >= 1`)} }}${about} ${rounded} ${lostOrders}` +
    `{{ range query ${JSON.stringify(`${orders} * on () ${value} >= 1`)} }} (${about} ${rounded} ${shop.currency}${per}){{ end }}${end}{{ end }}`;
  return told(soFar, lost, '', '; ') + told(perHour, anHour.orders, anHour.money, ` (${estimate})`);
}
