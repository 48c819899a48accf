import { formatDuration } from '@tillwatch/model';
import type { Audience, BudgetSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type LanguageBase, languageBase } from '../words/alert-words.ts';

/** The alerts about error budgets; each has a runbook of its name. */
export type BudgetAlertName = 'ErrorBudgetBurnsFast' | 'ErrorBudgetBurnsSlowly';

interface BudgetWords {
  readonly summary: Readonly<Record<BudgetAlertName, string>>;
  readonly dev: string;
  readonly ops: string;
  readonly business: Readonly<Record<BudgetAlertName, string>>;
  readonly left: string;
}

/** `{rate}`, `{objective}`, `{target}`, `{window}`, `{description}` stand for the alert's value and the budget's settings. */
const WORDS: Readonly<Record<LanguageBase, BudgetWords>> = {
  en: {
    summary: {
      ErrorBudgetBurnsFast: 'The error budget of {objective} burns {rate} times as fast as its objective allows',
      ErrorBudgetBurnsSlowly: 'The error budget of {objective} burns too fast to last: {rate} times as fast as allowed',
    },
    dev: 'Objective: {target} good over {window}. {description} Find what fails; hold back risky releases until it is mended.',
    ops: 'Objective: {target} good over {window}. {description} Find what fails; hold back risky changes until it is mended.',
    business: {
      ErrorBudgetBurnsFast: 'The shop is working clearly worse than agreed: {description}',
      ErrorBudgetBurnsSlowly: 'For some days the shop has been working worse than agreed: {description}',
    },
    left: 'of the budget is left',
  },
  de: {
    summary: {
      ErrorBudgetBurnsFast:
        'Das Fehlerbudget von {objective} wird {rate}-mal so schnell verbraucht, wie sein Ziel erlaubt',
      ErrorBudgetBurnsSlowly:
        'Das Fehlerbudget von {objective} reicht nicht: Es wird {rate}-mal so schnell verbraucht wie erlaubt',
    },
    dev: 'Ziel: {target} gut über {window}. {description} Ursache suchen; riskante Versionen bis dahin zurückhalten.',
    ops: 'Ziel: {target} gut über {window}. {description} Ursache suchen; riskante Änderungen bis dahin zurückhalten.',
    business: {
      ErrorBudgetBurnsFast: 'Der Shop arbeitet deutlich schlechter als vereinbart: {description}',
      ErrorBudgetBurnsSlowly: 'Der Shop arbeitet seit Tagen schlechter als vereinbart: {description}',
    },
    left: 'des Budgets sind übrig',
  },
};

/** The annotations of a budget's alert, in the languages of the teams. */
export function budgetAnnotations(
  alert: BudgetAlertName,
  budget: BudgetSettings,
  config: TillwatchConfig,
): Record<string, string> {
  const { shop, teams } = config;
  const shopLanguage = languageBase(shop.language);
  const language = (audience: Audience): LanguageBase =>
    languageBase(teams.find((team) => team.audience === audience)?.language ?? shop.language);
  const filled = (text: string) =>
    text
      .replaceAll('{rate}', '{{ $value | printf "%.1f" }}')
      .replaceAll('{objective}', budget.name)
      .replaceAll('{target}', `${Number((budget.target * 100).toPrecision(8))}%`)
      .replaceAll('{window}', formatDuration(budget.windowMs))
      // What somebody wrote into tillwatch.yaml is text, and no template.
      .replaceAll('{description}', `{{ ${JSON.stringify(sentence(budget.description))} }}`);
  const of = (audience: 'dev' | 'ops') => {
    const words = WORDS[language(audience)];
    return filled(`${words.summary[alert]}. ${words[audience]}`);
  };
  const words = WORDS[shopLanguage];
  const remaining = `objective:budget_remaining:ratio{objective="${budget.name}"}`;
  return {
    summary: filled(words.summary[alert]),
    description: filled(words.ops),
    components: budget.name,
    impact: `{{ range query ${JSON.stringify(remaining)} }}{{ . | value | humanizePercentage }} ${words.left}{{ end }}`,
    dev: of('dev'),
    ops: of('ops'),
    business: filled(WORDS[language('business')].business[alert]),
    runbook_url: `${shop.runbookUrl}/${alert}`,
    dashboard_url: shop.dashboardUrl,
  };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
