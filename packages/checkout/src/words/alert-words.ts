import type { AlertName } from '../plan/alert-catalogue.ts';

/** Languages that messages are written in. */
export type LanguageBase = 'en' | 'de';

/**
 * What an alert says. In `summary`, `{value}` stands for the alert's value as a percentage and `{where}` for the slice that
 * its labels name. `business` is for readers who know neither a step nor a provider by its technical name.
 */
export interface AlertWords {
  readonly summary: string;
  readonly dev: string;
  readonly ops: string;
  readonly business: string;
}

/** The words of one language for every alert. */
export const alertWords: Readonly<Record<LanguageBase, Readonly<Record<AlertName, AlertWords>>>> = {
  en: {
    CheckoutSuccessRateLow: {
      summary: 'Only {value} of checkouts succeed{where}',
      dev: 'Checkouts fail for technical reasons; declined cards are not counted. Look at the step and reasons below.',
      ops: 'Checkouts fail for technical reasons. Check providers, database and the latest release.',
      business: 'Many customers cannot complete their purchase right now.',
    },
    CheckoutErrorRateHigh: {
      summary: '{value} of checkouts fail{where}',
      dev: 'Technical failures are well above the objective. Look at the step and reasons below.',
      ops: 'Technical failures are well above the objective. Check providers, database and the latest release.',
      business: 'Some customers cannot complete their purchase right now.',
    },
    CheckoutSuccessfulOrdersDrop: {
      summary: 'Orders fell to {value} of what is expected from the checkouts started',
      dev: 'Checkouts are started as usual but far fewer end in an order, and no matching errors are counted.',
      ops: 'Checkouts are started as usual but far fewer end in an order. Look for hanging requests and providers.',
      business: 'Far fewer orders come in than usual, although customers are trying to buy.',
    },
    CheckoutAttemptsStopped: {
      summary: 'Checkouts started fell to {value} of the usual{where}',
      dev: 'Customers see the shop but do not get into the checkout, without any server error: suspect the page or its script.',
      ops: 'Customers see the shop but do not get into the checkout. Check the latest release, CDN and scripts of others.',
      business: 'Customers visit the shop but hardly anybody can start a checkout.',
    },
    CheckoutSilent: {
      summary: 'Hardly any checkout is started any more',
      dev: 'No checkouts arrive, nor any page views that would explain it. Suspect what lies before the shop.',
      ops: 'No checkouts arrive. Check DNS, CDN, load balancer and certificates.',
      business: 'The shop takes practically no orders at the moment.',
    },
    CheckoutTargetDown: {
      summary: 'No instance of {job} answers',
      dev: 'No instance of the shop can be scraped.',
      ops: 'No instance of the shop can be scraped: it is down, unreachable, or its metrics are.',
      business: 'The shop does not answer. It is probably unavailable to customers.',
    },
    CheckoutInstanceDown: {
      summary: 'Instance {instance} of {job} does not answer',
      dev: 'One instance cannot be scraped while others can.',
      ops: 'One instance cannot be scraped while others can.',
      business: 'One of several servers of the shop is down. The others have taken over.',
    },
    CheckoutLatencyHigh: {
      summary: 'A step of the checkout takes too long{where}: one in twenty needs more than {seconds}',
      dev: 'The 95th percentile of the duration of a step is above the objective.',
      ops: 'The 95th percentile of the duration of a step is above the objective. Check provider, database and load.',
      business: 'The checkout is very slow, so customers may give up.',
    },
    CheckoutFailureTrickle: {
      summary: '{value} of checkouts failed over the last hours',
      dev: 'Few failures at a time, but for long: too few for a page, too many to ignore.',
      ops: 'Few failures at a time, but for long: too few for a page, too many to ignore.',
      business: 'A small but steady share of customers cannot complete their purchase.',
    },
    CheckoutDeclinesHigh: {
      summary: '{value} of payments are declined',
      dev: 'Declines and fraud blocks are far above the usual. That is no failure of the shop; it may be card testing.',
      ops: 'Declines and fraud blocks are far above the usual: perhaps somebody tests stolen cards. Consider rate limits.',
      business: 'Unusually many payments are declined. The shop itself works; it may be attempted fraud.',
    },
    CheckoutPaymentWithoutOrder: {
      summary: '{count} payments were taken without an order{where}',
      dev: 'Payments are captured but no order is written. Find them by the attempt id in the failure log.',
      ops: 'Payments are captured but no order is written. Refunds may be needed.',
      business: 'Customers were charged but have no order. They need their order or a refund.',
    },
    DatabaseSlow: {
      summary: 'The database is slow: one query in twenty takes more than {seconds}',
      dev: 'The 95th percentile of query durations is above the objective.',
      ops: 'The 95th percentile of query durations is above the objective. Check locks, disk, and long transactions.',
      business: 'A part of the shop is slow, which can slow down the checkout.',
    },
    DatabasePoolExhausted: {
      summary: 'Requests wait for a database connection{where}',
      dev: 'Every connection of the pool is in use and requests queue up: look for transactions that are not ended.',
      ops: 'Every connection of the pool is in use and requests queue up.',
      business: 'A part of the shop is overloaded, which can slow down the checkout.',
    },
    HttpServerErrors: {
      summary: '{value} of requests to {route} end in a server error',
      dev: 'A route of the checkout answers with 5xx.',
      ops: 'A route of the checkout answers with 5xx.',
      business: 'Pages of the checkout show errors to some customers.',
    },
    CheckoutMetricsMissing: {
      summary: 'The shop is up but reports no checkout metrics',
      dev: 'checkout_attempts_total is gone. Did a release drop or rename the instrumentation? No failure can be seen now.',
      ops: 'The shop answers scrapes without checkout metrics. No failure can be seen now.',
      business: 'The checkout is not being watched at the moment.',
    },
    CheckoutMetricGone: {
      summary: 'The shop no longer reports {metric}',
      dev: 'Rules and figures about it are blind, which is not to say that all is well. Did a release drop or rename it?',
      ops: 'Rules and figures about it are blind, which is not to say that all is well. Compare with the latest release.',
      business: 'A part of the shop is not being watched at the moment.',
    },
    CheckoutCounterFell: {
      summary: 'A checkout counter of instance {instance} went down without a restart',
      dev: 'Counters must only go up: one that is set back looks like a restart, and its whole value is counted again.',
      ops: 'Counts and rates of this instance jump until it is mended: one that is set back looks like a restart.',
      business: 'The watch over the shop needs maintenance.',
    },
    CheckoutScrapeSlow: {
      summary: 'Instance {instance} needs {seconds} for its metrics page, nearly as long as is waited for it',
      dev: 'The metrics page is slow: too many series, or the process is too busy to answer. Beyond the timeout nothing of it counts.',
      ops: 'The metrics page is slow, often because the process is overloaded. Beyond the timeout the instance counts as down.',
      business: 'The watch over the shop needs maintenance.',
    },
    CheckoutScrapeTooLarge: {
      summary: 'Instance {instance} exports {count} series, more than can be watched for long',
      dev: 'A label has too many values. Take it out or cap it.',
      ops: 'A label has too many values; memory of the watch will grow until it is capped.',
      business: 'The watch over the shop needs maintenance.',
    },
    TillwatchNotificationFailures: {
      summary: 'Messages cannot be delivered, or only in plain form',
      dev: 'A receiver refuses messages or its template fails. The page lists every message with its error.',
      ops: 'A receiver refuses messages or its template fails. Send a test message to see why.',
      business: 'The watch over the shop needs maintenance.',
    },
    TillwatchSeriesDropped: {
      summary: 'Instance {instance} brings too many series: new ones are left out',
      dev: 'A label has too many values, such as ids or addresses of pages. Take it out or cap it; what was known is kept.',
      ops: 'A label has too many values. What was known is kept, what is new is not measured until the label is capped.',
      business: 'The watch over the shop needs maintenance.',
    },
    TillwatchStoreTrouble: {
      summary: 'The store of the watch is in trouble',
      dev: 'The disk is full or damaged. Alerts go on from memory, but a restart would lose what is not stored.',
      ops: 'The disk is full or damaged. Make room, or look at the quarantine in the data directory; the page says which.',
      business: 'The watch over the shop needs maintenance.',
    },
    TillwatchRuleFailures: {
      summary: 'Rules cannot be evaluated',
      dev: 'Rules fail when they are evaluated, so alerts may be missing.',
      ops: 'Rules fail when they are evaluated, so alerts may be missing.',
      business: 'The watch over the shop needs maintenance.',
    },
  },
  de: {
    CheckoutSuccessRateLow: {
      summary: 'Nur {value} der Bestellvorgänge gelingen{where}',
      dev: 'Bestellvorgänge scheitern aus technischen Gründen; abgelehnte Karten zählen nicht mit. Schritt und Gründe stehen unten.',
      ops: 'Bestellvorgänge scheitern aus technischen Gründen. Anbieter, Datenbank und letzte Version prüfen.',
      business: 'Viele Kundinnen und Kunden können ihren Kauf gerade nicht abschließen.',
    },
    CheckoutErrorRateHigh: {
      summary: '{value} der Bestellvorgänge scheitern{where}',
      dev: 'Technische Fehler liegen deutlich über dem Ziel. Schritt und Gründe stehen unten.',
      ops: 'Technische Fehler liegen deutlich über dem Ziel. Anbieter, Datenbank und letzte Version prüfen.',
      business: 'Ein Teil der Kundschaft kann den Kauf gerade nicht abschließen.',
    },
    CheckoutSuccessfulOrdersDrop: {
      summary: 'Bestellungen sind auf {value} des Erwarteten gefallen',
      dev: 'Bestellvorgänge beginnen wie sonst, enden aber viel seltener in einer Bestellung, ohne passende Fehler.',
      ops: 'Bestellvorgänge beginnen wie sonst, enden aber viel seltener in einer Bestellung. Hängende Anfragen und Anbieter prüfen.',
      business: 'Es kommen viel weniger Bestellungen als sonst, obwohl Kundinnen und Kunden kaufen wollen.',
    },
    CheckoutAttemptsStopped: {
      summary: 'Begonnene Bestellvorgänge sind auf {value} des Üblichen gefallen{where}',
      dev: 'Die Kundschaft sieht den Shop, kommt aber nicht in den Bestellvorgang, ohne Serverfehler: Seite oder Skript prüfen.',
      ops: 'Die Kundschaft sieht den Shop, kommt aber nicht in den Bestellvorgang. Letzte Version, CDN und fremde Skripte prüfen.',
      business: 'Die Kundschaft besucht den Shop, aber kaum jemand kann einen Kauf beginnen.',
    },
    CheckoutSilent: {
      summary: 'Es beginnt kaum noch ein Bestellvorgang',
      dev: 'Es kommen keine Bestellvorgänge an. Zu prüfen ist, was vor dem Shop liegt.',
      ops: 'Es kommen keine Bestellvorgänge an. DNS, CDN, Lastverteiler und Zertifikate prüfen.',
      business: 'Der Shop nimmt gerade praktisch keine Bestellungen an.',
    },
    CheckoutTargetDown: {
      summary: 'Keine Instanz von {job} antwortet',
      dev: 'Keine Instanz des Shops lässt sich abfragen.',
      ops: 'Keine Instanz des Shops lässt sich abfragen: Sie ist aus oder nicht erreichbar, oder nur ihre Metriken sind es.',
      business: 'Der Shop antwortet nicht. Er ist vermutlich nicht erreichbar.',
    },
    CheckoutInstanceDown: {
      summary: 'Instanz {instance} von {job} antwortet nicht',
      dev: 'Eine Instanz lässt sich nicht abfragen, andere schon.',
      ops: 'Eine Instanz lässt sich nicht abfragen, andere schon.',
      business: 'Einer von mehreren Servern des Shops ist ausgefallen. Die anderen haben übernommen.',
    },
    CheckoutLatencyHigh: {
      summary: 'Ein Schritt des Bestellvorgangs dauert zu lange{where}: jeder zwanzigste länger als {seconds}',
      dev: 'Das 95. Perzentil der Dauer eines Schritts liegt über dem Ziel.',
      ops: 'Das 95. Perzentil der Dauer eines Schritts liegt über dem Ziel. Anbieter, Datenbank und Last prüfen.',
      business: 'Der Bestellvorgang ist sehr langsam; Kundinnen und Kunden könnten aufgeben.',
    },
    CheckoutFailureTrickle: {
      summary: '{value} der Bestellvorgänge der letzten Stunden sind gescheitert',
      dev: 'Wenige Fehler auf einmal, aber anhaltend: zu wenige zum Wecken, zu viele zum Übersehen.',
      ops: 'Wenige Fehler auf einmal, aber anhaltend: zu wenige zum Wecken, zu viele zum Übersehen.',
      business: 'Ein kleiner, aber stetiger Teil der Kundschaft kann den Kauf nicht abschließen.',
    },
    CheckoutDeclinesHigh: {
      summary: '{value} der Zahlungen werden abgelehnt',
      dev: 'Ablehnungen liegen weit über dem Üblichen. Das ist kein Fehler des Shops; vielleicht testet jemand Karten.',
      ops: 'Ablehnungen liegen weit über dem Üblichen: Vielleicht testet jemand gestohlene Karten. Begrenzung erwägen.',
      business:
        'Ungewöhnlich viele Zahlungen werden abgelehnt. Der Shop selbst funktioniert; es könnte ein Betrugsversuch sein.',
    },
    CheckoutPaymentWithoutOrder: {
      summary: '{count} Zahlungen wurden ohne Bestellung eingezogen{where}',
      dev: 'Zahlungen werden eingezogen, aber keine Bestellung geschrieben. Das Fehlerprotokoll nennt die Vorgänge.',
      ops: 'Zahlungen werden eingezogen, aber keine Bestellung geschrieben. Erstattungen könnten nötig sein.',
      business:
        'Kundinnen und Kunden wurde Geld abgebucht, aber sie haben keine Bestellung. Sie brauchen ihre Bestellung oder ihr Geld zurück.',
    },
    DatabaseSlow: {
      summary: 'Die Datenbank ist langsam: jede zwanzigste Abfrage dauert länger als {seconds}',
      dev: 'Das 95. Perzentil der Abfragedauer liegt über dem Ziel.',
      ops: 'Das 95. Perzentil der Abfragedauer liegt über dem Ziel. Sperren, Platte und lange Transaktionen prüfen.',
      business: 'Ein Teil des Shops ist langsam, das kann den Bestellvorgang bremsen.',
    },
    DatabasePoolExhausted: {
      summary: 'Anfragen warten auf eine Datenbankverbindung{where}',
      dev: 'Alle Verbindungen des Pools sind belegt und Anfragen stauen sich: Transaktionen suchen, die nicht enden.',
      ops: 'Alle Verbindungen des Pools sind belegt und Anfragen stauen sich.',
      business: 'Ein Teil des Shops ist überlastet, das kann den Bestellvorgang bremsen.',
    },
    HttpServerErrors: {
      summary: '{value} der Anfragen an {route} enden mit einem Serverfehler',
      dev: 'Eine Route des Bestellvorgangs antwortet mit 5xx.',
      ops: 'Eine Route des Bestellvorgangs antwortet mit 5xx.',
      business: 'Seiten des Bestellvorgangs zeigen einem Teil der Kundschaft Fehler.',
    },
    CheckoutMetricsMissing: {
      summary: 'Der Shop läuft, meldet aber keine Metriken des Bestellvorgangs',
      dev: 'checkout_attempts_total fehlt. Hat eine Version die Messung entfernt oder umbenannt? Fehler sind gerade unsichtbar.',
      ops: 'Der Shop antwortet ohne Metriken des Bestellvorgangs. Fehler sind gerade unsichtbar.',
      business: 'Der Bestellvorgang wird gerade nicht überwacht.',
    },
    CheckoutMetricGone: {
      summary: 'Der Shop meldet {metric} nicht mehr',
      dev: 'Regeln und Zahlen dazu sind blind, was nicht heißt, dass alles gut ist. Hat eine Version die Metrik entfernt oder umbenannt?',
      ops: 'Regeln und Zahlen dazu sind blind, was nicht heißt, dass alles gut ist. Mit der letzten Version vergleichen.',
      business: 'Ein Teil des Shops wird gerade nicht überwacht.',
    },
    CheckoutCounterFell: {
      summary: 'Ein Zähler des Bestellvorgangs auf Instanz {instance} ist ohne Neustart gefallen',
      dev: 'Zähler dürfen nur steigen: Ein zurückgesetzter sieht aus wie ein Neustart, sein ganzer Wert zählt noch einmal.',
      ops: 'Zahlen dieser Instanz springen, bis das behoben ist: Ein zurückgesetzter Zähler sieht aus wie ein Neustart.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
    CheckoutScrapeSlow: {
      summary: 'Instanz {instance} braucht {seconds} für ihre Metrikseite, fast so lange, wie auf sie gewartet wird',
      dev: 'Die Metrikseite ist langsam: zu viele Zeitreihen, oder der Prozess ist überlastet. Nach der Wartezeit zählt nichts von ihr.',
      ops: 'Die Metrikseite ist langsam, oft weil der Prozess überlastet ist. Nach der Wartezeit gilt die Instanz als nicht erreichbar.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
    CheckoutScrapeTooLarge: {
      summary: 'Instanz {instance} liefert {count} Zeitreihen, mehr als auf Dauer überwacht werden kann',
      dev: 'Ein Label hat zu viele Werte. Entfernen oder begrenzen.',
      ops: 'Ein Label hat zu viele Werte; der Speicherbedarf wächst, bis es begrenzt wird.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
    TillwatchNotificationFailures: {
      summary: 'Nachrichten kommen nicht an oder nur in schlichter Form',
      dev: 'Ein Empfänger lehnt Nachrichten ab, oder seine Vorlage hat einen Fehler. Die Seite zeigt jede Nachricht mit ihrem Fehler.',
      ops: 'Ein Empfänger lehnt Nachrichten ab, oder seine Vorlage hat einen Fehler. Eine Testnachricht zeigt den Grund.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
    TillwatchSeriesDropped: {
      summary: 'Instanz {instance} bringt zu viele Zeitreihen: neue werden weggelassen',
      dev: 'Ein Label hat zu viele Werte, etwa Nummern oder Seitenadressen. Entfernen oder begrenzen; Bekanntes bleibt.',
      ops: 'Ein Label hat zu viele Werte. Bekanntes bleibt, Neues wird nicht gemessen, bis das Label begrenzt ist.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
    TillwatchStoreTrouble: {
      summary: 'Der Speicher der Überwachung hat ein Problem',
      dev: 'Die Festplatte ist voll oder beschädigt. Alarme laufen aus dem Arbeitsspeicher weiter, ein Neustart verlöre, was nicht gespeichert ist.',
      ops: 'Die Festplatte ist voll oder beschädigt. Platz schaffen oder die Quarantäne im Datenverzeichnis ansehen; die Seite sagt, was davon.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
    TillwatchRuleFailures: {
      summary: 'Regeln lassen sich nicht auswerten',
      dev: 'Regeln scheitern bei der Auswertung, Alarme können fehlen.',
      ops: 'Regeln scheitern bei der Auswertung, Alarme können fehlen.',
      business: 'Die Überwachung des Shops braucht Wartung.',
    },
  },
};

/** The language that has words, for a BCP 47 tag. */
export function languageBase(tag: string): LanguageBase {
  return tag.toLowerCase().startsWith('de') ? 'de' : 'en';
}
