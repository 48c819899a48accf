import type { Audience, Promotion, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type AlertWords, type LanguageBase, languageBase } from '../words/alert-words.ts';

/** The alerts about promotions themselves; each has a runbook of its name. */
export type PromotionAlertName = 'CheckoutPromotion' | 'CheckoutPromotionNotTaking';

/** `{promotion}`, `{from}`, `{to}` and `{factor}` stand for the promotion's, `{value}` for the alert's value as a percentage. */
const WORDS: Readonly<Record<LanguageBase, Readonly<Record<PromotionAlertName, AlertWords>>>> = {
  en: {
    CheckoutPromotion: {
      summary: '{promotion}: from {from} to {to}, about {factor} times the usual traffic',
      dev: 'Hold back risky releases. Is everything ready? tillwatch promotion ready tells.',
      ops: 'Is everything ready? tillwatch promotion ready checks targets, rules, receivers and headroom.',
      business: '{promotion} runs from {from} to {to}. About {factor} times the usual traffic is expected.',
    },
    CheckoutPromotionNotTaking: {
      summary: '{promotion} is live, but only {value} of the expected orders come in',
      dev: 'No failure is counted. Is the promotion switched on: prices, banner, landing page, voucher codes?',
      ops: 'No failure is counted. Is the promotion switched on, and do its links, mails and campaigns lead to the shop?',
      business:
        '{promotion} is live, but hardly more orders come in than usual. The shop itself works: are the mails sent, the banner shown, the prices changed?',
    },
  },
  de: {
    CheckoutPromotion: {
      summary: '{promotion}: von {from} bis {to}, etwa das {factor}-Fache des üblichen Andrangs',
      dev: 'Riskante Versionen zurückhalten. Ob alles bereit ist, sagt: tillwatch promotion ready.',
      ops: 'Ist alles bereit? tillwatch promotion ready prüft Ziele, Regeln, Empfänger und Reserven.',
      business: '{promotion} läuft von {from} bis {to}. Erwartet wird etwa das {factor}-Fache des üblichen Andrangs.',
    },
    CheckoutPromotionNotTaking: {
      summary: '{promotion} läuft, aber es kommen nur {value} der erwarteten Bestellungen',
      dev: 'Es werden keine Fehler gezählt. Ist die Aktion eingeschaltet: Preise, Banner, Zielseite, Gutscheincodes?',
      ops: 'Es werden keine Fehler gezählt. Ist die Aktion eingeschaltet, und führen Links, Mails und Kampagnen in den Shop?',
      business:
        '{promotion} läuft, aber es kommen kaum mehr Bestellungen als sonst. Der Shop selbst funktioniert: Sind die Mails verschickt, das Banner zu sehen, die Preise geändert?',
    },
  },
};

/** The annotations of an alert about a promotion, in the languages of the teams; times are in the shop's zone. */
export function promotionAnnotations(
  alert: PromotionAlertName,
  promotion: Promotion,
  config: TillwatchConfig,
): Record<string, string> {
  const { shop, teams } = config;
  const shopLanguage = languageBase(shop.language);
  const language = (audience: Audience): string =>
    teams.find((team) => team.audience === audience)?.language ?? shop.language;
  const told = (tag: string, what: keyof AlertWords) =>
    filled(WORDS[languageBase(tag)][alert][what], promotion, tag, shop.timezone);
  const both = (audience: 'dev' | 'ops') => {
    const tag = language(audience);
    return `${told(tag, 'summary')}. ${told(tag, audience)}`;
  };
  return {
    summary: told(shopLanguage, 'summary'),
    description: told(shopLanguage, 'ops'),
    dev: both('dev'),
    ops: both('ops'),
    business: told(language('business'), 'business'),
    runbook_url: `${shop.runbookUrl}/${alert}`,
    dashboard_url: shop.dashboardUrl,
  };
}

function filled(text: string, { name, fromMs, toMs, expectedFactor }: Promotion, tag: string, zone: string): string {
  const time = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone });
  // Intl writes narrow spaces that mail programs do not all know.
  const written = (ms: number) => time.format(ms).replaceAll('\u202f', ' ');
  return (
    text
      // A name that somebody wrote into tillwatch.yaml is text, and no template.
      .replaceAll('{promotion}', `{{ ${JSON.stringify(name)} }}`)
      .replaceAll('{from}', written(fromMs))
      .replaceAll('{to}', written(toMs))
      .replaceAll('{factor}', new Intl.NumberFormat(tag, { maximumSignificantDigits: 3 }).format(expectedFactor))
      .replaceAll('{value}', '{{ $value | humanizePercentage }}')
  );
}
