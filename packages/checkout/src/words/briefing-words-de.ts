import type { BriefingWords, Telling } from './briefing-words.ts';
import { isAboutDatabase } from './hints.ts';

const LABEL_NAMES: Readonly<Record<string, string>> = {
  provider: 'Anbieter',
  step: 'Schritt',
  region: 'Region',
  channel: 'Kanal',
  version: 'Version',
  method: 'Zahlart',
  reason: 'Grund',
  instance: 'Instanz',
};

function part(labels: Readonly<Record<string, string>>): string {
  return Object.entries(LABEL_NAMES)
    .filter(([name]) => labels[name] !== undefined)
    .map(([name, word]) => `${word} ${labels[name]}`)
    .join(', ');
}

function customers(labels: Readonly<Record<string, string>>): string {
  const clauses = [
    labels.region === undefined ? '' : `in der Region ${labels.region}`,
    labels.channel === undefined ? '' : `im Kanal ${labels.channel}`,
    labels.provider === undefined ? '' : `mit Zahlung über ${labels.provider}`,
    labels.method === undefined ? '' : `mit der Zahlart ${labels.method}`,
  ].filter((clause) => clause !== '');
  return ['Kundinnen und Kunden', ...clauses].join(' ');
}

const at = ({ culprit }: Telling) => (culprit === undefined ? '' : ` (${part(culprit.labels)})`);
const affected = ({ culprit }: Telling) => (culprit === undefined ? 'Kundinnen und Kunden' : customers(culprit.labels));
const fewerOf = (now: string | undefined, before: string | undefined) =>
  now === undefined || before === undefined ? '' : `: ${now} je Minute, zuvor ${before}`;

/** What to look at follows from the part that is named and from the reasons given. */
function stepsForFailures({ culprit, alertNames }: Telling): string[] {
  const { provider, version, region } = culprit?.labels ?? {};
  const isDatabase = isAboutDatabase(culprit, alertNames);
  return [
    isDatabase ? 'Datenbank ansehen: freie Verbindungen, lange Transaktionen und Sperren, Platte.' : '',
    version === undefined ? '' : `Version ${version} zurückrollen.`,
    provider === undefined ? '' : `Statusseite von ${provider} ansehen; abschalten, wenn andere Anbieter gehen.`,
    region === undefined ? '' : `Ansehen, was nur ${region} nutzt: Versand, Steuern, Zahlarten, Netz.`,
    version === undefined ? 'Mit der letzten Version vergleichen: zurückrollen, wenn es mit ihr begann.' : '',
  ].filter((step) => step !== '');
}

const succeed = ({ success }: Telling) => (success === undefined ? '' : `, ${success} gelingen`);

export const briefingWordsDe: BriefingWords = {
  notice: 'Hinweis',
  allClear: 'Entwarnung',
  headline: {
    failures: (t) =>
      `Bestellvorgang gestört: ${t.success ?? '?'} gelingen${t.successBefore === undefined ? '' : `, zuvor ${t.successBefore}`}${at(t)}`,
    trickle: (t) => `Ein kleiner Teil der Bestellvorgänge scheitert anhaltend${at(t)}`,
    'orders-drop': (t) => `Bestellungen sind eingebrochen${fewerOf(t.orders, t.ordersBefore)}${at(t)}`,
    'attempts-stopped': (t) => `Es beginnen kaum noch Bestellvorgänge${fewerOf(t.attempts, t.attemptsBefore)}${at(t)}`,
    silent: (t) => `Es kommen keine Bestellvorgänge an${fewerOf(t.attempts, t.attemptsBefore)}`,
    'shop-down': (t) =>
      `Der Shop antwortet nicht: keine Instanz${t.labels.job === undefined ? '' : ` von ${t.labels.job}`} ist erreichbar`,
    slow: (t) =>
      `Bestellvorgang langsam${t.slowest === undefined ? '' : `: ${t.slowest.part} braucht ${t.slowest.seconds} (p95)`}`,
    database: (t) =>
      t.waiting === undefined
        ? `Die Datenbank ist langsam${t.databaseSeconds === undefined ? '' : `: p95 der Abfragen ist ${t.databaseSeconds}`}`
        : `Anfragen warten auf eine Datenbankverbindung: ${t.waiting} in der Schlange`,
    'server-errors': (t) =>
      `Seiten des Bestellvorgangs antworten mit Serverfehlern${t.labels.route === undefined ? '' : ` auf ${t.labels.route}`}${at(t)}`,
    'payment-without-order': (t) =>
      `Zahlungen werden ohne Bestellung eingezogen${t.labels.provider === undefined ? '' : ` (Anbieter ${t.labels.provider})`}`,
    declines: (t) => `Viele Zahlungen werden abgelehnt${t.declined === undefined ? '' : `: ${t.declined}`}`,
    'instance-down': (t) => `Instanz ${t.labels.instance ?? '?'} antwortet nicht`,
    watch: (t) =>
      `Die Überwachung des Bestellvorgangs hat ein Problem${t.labels.job === undefined ? '' : ` (${t.labels.job})`}`,
  },
  plainHeadline: {
    failures: (t) =>
      `Käufe lassen sich nicht abschließen${t.failing === undefined ? '' : `: ${t.failing} der Versuche scheitern`}`,
    trickle: () => 'Einzelne Käufe lassen sich nicht abschließen',
    'orders-drop': () => 'Es kommen viel weniger Bestellungen als sonst',
    'attempts-stopped': () => 'Die Kundschaft besucht den Shop, kann aber keinen Kauf beginnen',
    silent: () => 'Der Shop nimmt praktisch keine Bestellungen an',
    'shop-down': () => 'Der Shop antwortet nicht',
    slow: () => 'Der Bestellvorgang ist sehr langsam',
    database: () => 'Der Shop ist langsam',
    'server-errors': () => 'Seiten des Bestellvorgangs zeigen Fehler',
    'payment-without-order': () => 'Geld wurde abgebucht, ohne dass eine Bestellung entstand',
    declines: () => 'Ungewöhnlich viele Zahlungen werden abgelehnt',
    'instance-down': () => 'Einer der Server des Shops ist ausgefallen',
    watch: () => 'Der Bestellvorgang wird gerade nicht vollständig überwacht',
  },
  meaning: {
    failures: (t) => `${affected(t)} stoßen beim Kaufen auf einen Fehler.`,
    trickle: (t) => `${affected(t)} stoßen beim Kaufen hin und wieder auf einen Fehler.`,
    'orders-drop': () => 'Die Kundschaft will kaufen, aber viel weniger Käufe als sonst enden in einer Bestellung.',
    'attempts-stopped': (t) => `${affected(t)} sehen den Shop, kommen aber nicht in den Bestellvorgang.`,
    silent: () => 'Niemand beginnt gerade einen Kauf; der Shop ist vielleicht nicht erreichbar.',
    'shop-down': () => 'Der Shop ist für die Kundschaft vermutlich nicht erreichbar.',
    slow: () => 'Die Kundschaft wartet beim Bestellen lange, und manche geben auf.',
    database: () => 'Teile des Shops antworten langsam.',
    'server-errors': (t) => `${affected(t)} sehen beim Bestellen Fehlerseiten.`,
    'payment-without-order': () => 'Die Betroffenen brauchen ihre Bestellung oder ihr Geld zurück.',
    declines: () => 'Der Shop selbst funktioniert. Vielleicht probiert jemand gestohlene Karten aus.',
    'instance-down': () => 'Die anderen Server haben übernommen.',
    watch: () => 'Bis das behoben ist, könnte ein Fehler spät bemerkt werden.',
  },
  firstSteps: {
    failures: stepsForFailures,
    trickle: () => ['Gründe oben und das Fehlerprotokoll ansehen.'],
    'orders-drop': () => ['Hängende Anfragen suchen: Zahlungsanbieter, Datenbank, Warteschlange.'],
    'attempts-stopped': () => [
      'Die Seite selbst öffnen, mit offener Browserkonsole.',
      'Letzte Version der Oberfläche, CDN und fremde Skripte prüfen.',
    ],
    silent: () => ['Den Shop von außen öffnen.', 'DNS, Zertifikate, CDN und Lastverteiler prüfen.'],
    'shop-down': () => [
      'Prüfen, ob der Shop läuft und seine Metriken ausliefert.',
      'Rechner, Netz und letzte Auslieferung prüfen.',
    ],
    slow: () => ['Anbieter und Datenbank hinter dem langsamen Schritt prüfen.'],
    database: () => ['Lange Transaktionen und Sperren suchen.', 'Platte, CPU und Größe des Pools prüfen.'],
    'server-errors': () => ['Protokoll der genannten Route lesen.', 'Mit der letzten Version vergleichen.'],
    'payment-without-order': () => [
      'Vorgänge im Fehlerprotokoll finden und nachbuchen oder erstatten.',
      'Die Version zurücknehmen, mit der es begann.',
    ],
    declines: () => [
      'Viele Versuche mit wenigen Karten oder Adressen suchen.',
      'Begrenzung oder Abfrage vor der Zahlung erwägen.',
    ],
    'instance-down': () => ['Die Instanz und ihren Rechner prüfen.'],
    watch: () => ['Die Anleitung zu diesem Alarm lesen.'],
  },
  part,
  customers,
  finding: (finding, n) =>
    `${part(finding.labels)}: ${n.percent(finding.severity)} scheitern, ${n.percent(finding.share)} der zusätzlichen Fehler`,
  missing: (finding, n) =>
    `${part(finding.labels)}: ${n.percent(finding.severity)} der üblichen Bestellvorgänge fehlen`,
  reason: (reason, count) => `${reason} (${count})`,
  lossSoFar: ({ orders, ordersRange, money, moneyRange, moneyPerHour, ordersPerHour }) =>
    money === undefined
      ? `Bisher gingen etwa ${orders} Bestellungen (${ordersRange}) verloren. Solange es anhält, kostet es etwa ${ordersPerHour} Bestellungen je Stunde.`
      : `Bisher gingen etwa ${orders} Bestellungen (${ordersRange}) im Wert von etwa ${money} (${moneyRange}) verloren. Solange es anhält, kostet es etwa ${moneyPerHour} je Stunde.`,
  lossTotal: ({ orders, ordersRange, money, moneyRange }) =>
    money === undefined
      ? `Insgesamt gingen etwa ${orders} Bestellungen (${ordersRange}) verloren.`
      : `Insgesamt gingen etwa ${orders} Bestellungen (${ordersRange}) im Wert von etwa ${money} (${moneyRange}) verloren.`,
  noLoss: 'Bisher sind keine verlorenen Bestellungen auszumachen.',
  since: (clock, duration) => `Seit ${clock} Uhr (${duration}).`,
  lasted: (duration, from, to) => `Dauer: ${duration}, von ${from} bis ${to} Uhr.`,
  recovering: (t) => `Der Bestellvorgang erholt sich: ${t.success ?? '?'} gelingen wieder`,
  recoveringMeaning: 'Im Augenblick funktioniert es wieder; die Entwarnung folgt, wenn es einige Minuten so bleibt.',
  recovered: {
    failures: (t) => `Der Bestellvorgang funktioniert wieder${succeed(t)}`,
    trickle: (t) => `Der Bestellvorgang funktioniert wieder ohne Fehler${succeed(t)}`,
    'orders-drop': () => 'Es kommen wieder so viele Bestellungen wie sonst',
    'attempts-stopped': () => 'Die Kundschaft beginnt wieder Bestellvorgänge',
    silent: () => 'Es kommen wieder Bestellvorgänge an',
    'shop-down': () => 'Der Shop antwortet wieder',
    slow: () => 'Der Bestellvorgang ist wieder schnell',
    database: () => 'Die Datenbank antwortet wieder rechtzeitig',
    'server-errors': (t) => `Die Seiten des Bestellvorgangs antworten wieder ohne Fehler${succeed(t)}`,
    'payment-without-order': () => 'Zu jeder Zahlung entsteht wieder eine Bestellung',
    declines: () => 'Zahlungen werden wieder wie sonst angenommen',
    'instance-down': () => 'Die Instanz antwortet wieder',
    watch: () => 'Der Bestellvorgang wird wieder vollständig überwacht',
  },
  told: (teams) => `Benachrichtigt: ${teams.join(', ')}.`,
  promotion: (name) => `Die Aktion „${name}“ läuft.`,
  nothingStandsOut: 'Kein einzelner Teil sticht hervor: Die Störung verteilt sich über den ganzen Bestellvorgang.',
  facts: {
    success: 'Erfolgsquote',
    failed: 'Gescheitert',
    orders: 'Bestellungen',
    attempts: 'Begonnene Bestellvorgänge',
    declined: 'Abgelehnte Zahlungen',
    database: 'Datenbank p95',
    waiting: 'Warten auf Verbindung',
    targets: 'Antwortende Instanzen',
    serverErrors: 'Serverfehler',
    slowest: 'Langsamster Schritt (p95)',
    versions: 'Laufende Versionen',
    duration: 'Dauer',
    worst: 'Schlechteste Erfolgsquote',
    lost: 'Verlorene Bestellungen (Schätzung)',
    money: 'Verlorenes Geld (Schätzung)',
    alerts: 'Alarme',
  },
  headings: {
    numbers: 'In Zahlen',
    parts: 'Was gestört ist',
    partsBefore: 'Was gestört war',
    impact: 'Auswirkung',
    providers: 'Anbieter',
    query: 'Abfrage',
    next: 'Erste Schritte',
    who: 'Wer sich kümmert',
  },
  links: { page: 'Zum Bestellvorgang', runbook: 'Anleitung', dashboard: 'Dashboard' },
  unseen: 'nicht zu sehen',
  nowAndBefore: (now, before) => (before === undefined ? now : `${now} (zuvor ${before})`),
  outOf: (failed, all) => `etwa ${failed} von ${all} Bestellvorgängen`,
  perMinute: (value) => `${value} je Minute`,
  failPercent: (share) => `${share} scheitern`,
  estimateNote:
    'Verluste sind aus der jüngsten Zeit geschätzt; in etwa neun von zehn Fällen liegen sie im genannten Bereich. Nur technische Fehler: abgelehnte Karten zählen nicht mit.',
  labelNames: LABEL_NAMES,
  verdict: {
    good: (success) => `Der Bestellvorgang funktioniert: ${success} der Käufe gelingen.`,
    quiet: 'Alles ruhig: Gerade kauft niemand.',
    noData: 'Noch keine Daten: Der Shop wurde noch nicht gesehen.',
    stale: (clock) => `Keine Daten seit ${clock} Uhr: Was hier steht, ist alt.`,
    failing: (success, where) =>
      `Der Bestellvorgang ist gestört: Nur ${success} der Käufe gelingen${where === undefined ? '' : ` (${where})`}.`,
    warning: (success, where) =>
      `Der Bestellvorgang hat Schwierigkeiten: ${success} der Käufe gelingen${where === undefined ? '' : ` (${where})`}.`,
    recovering: (success) => `Der Bestellvorgang erholt sich: ${success} der Käufe gelingen wieder.`,
    fewAttempts: 'Die Kundschaft sieht den Shop, aber kaum jemand beginnt einen Bestellvorgang.',
    slowSteps: (success) =>
      `Der Bestellvorgang funktioniert, ist aber langsam: ${success} der Käufe gelingen nach langem Warten.`,
    down: 'Der Shop antwortet nicht.',
  },
};
