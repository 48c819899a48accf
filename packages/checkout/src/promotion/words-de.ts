import type { PromotionWords } from './words.ts';

/** German. */
export const promotionWordsDe: PromotionWords = {
  topics: {
    targets: 'Ziele',
    rules: 'Regeln',
    alerts: 'Alarme',
    receivers: 'Empfänger',
    budget: 'Fehlerbudget',
    headroom: 'Anfragen',
  },
  resources: { processor: 'Prozessor', pool: 'Datenbank-Pool', memory: 'Speicher', eventLoop: 'Event-Loop' },
  exporters: {
    processor: 'process_cpu_seconds_total vom Shop',
    pool: 'db_pool_connections und db_pool_max_connections (instrumentPool liefert beide)',
    memory: 'node_memory_MemAvailable_bytes (node_exporter liefert es)',
  },
  states: { ready: 'bereit', 'not-ready': 'NICHT BEREIT', 'not-known': 'nicht bekannt' },
  findings: {
    targets: (job, up, all) => `${up} von ${all} Zielen von ${job} antworten`,
    notScraped: (job) => `kein Ziel von ${job} wird abgefragt`,
    notCounted: 'der Shop meldet keine Bestellvorgänge',
    rulesWell: 'alle Regeln werden fehlerfrei ausgewertet',
    rulesUnknown: 'ob Regeln scheitern, wird hier nicht aufgezeichnet',
    rulesFail: (count, first, error) =>
      count === 1 ? `${first} scheitert: ${error}` : `${count} Regeln scheitern, darunter ${first}: ${error}`,
    ruleFailures: (count) => `${count} Auswertungen von Regeln sind in der letzten Stunde gescheitert`,
    noPages: 'zurzeit ist alles in Ordnung',
    pages: (names) => `zurzeit aktiv: ${names.join(', ')}`,
    delivered: (receiver, ago) => `${receiver} hat vor ${ago} eine Nachricht angenommen`,
    neverDelivered: (receiver) => `${receiver} hat nie eine Nachricht angenommen`,
    receiversUnknown: 'ein anderes Programm verschickt die Nachrichten; ob sie ankommen, ist hier nicht bekannt',
    noReceivers: 'niemand würde benachrichtigt',
    budgetLeft: (name, share) => `${name}: ${share} sind übrig`,
    budgetSpent: (name) => `${name}: nichts ist übrig`,
    budgetUnknown: (name) => `${name}: noch nicht gemessen`,
    load: (peak, expected) => `bis zu ${peak} je Minute wurden gesehen, bis zu ${expected} sind zu erwarten`,
    noLoad: 'keine Anfragen gesehen; über Reserven lässt sich nichts sagen',
    notMeasured: (exporter) => `nicht gemessen; nötig ist ${exporter}`,
    tooLittleSeen: (most) => `bis zu ${most} belegt; zu wenig gesehen, um zu sagen, wie das mit dem Andrang wächst`,
    manyCores: (cores) => `bis zu ${cores} Kerne belegt; wie viele es gibt, wird nicht gemeldet`,
    expected: (most, mid, low, high) => `bis zu ${most} belegt; etwa ${mid} zu erwarten (${low} – ${high})`,
    lag: (seconds) =>
      `bei 19 von 20 Abfragen des letzten Tages wartete das langsamste Hundertstel höchstens ${seconds}`,
  },
  toDo: {
    targets: 'starten, was nicht antwortet, oder aus targets nehmen',
    notCounted: 'Messung prüfen: checkout_attempts_total und checkout_outcomes_total',
    rules: 'Regel reparieren: tillwatch check sagt, wo',
    selfScrape: 'die Überwachung sich selbst abfragen lassen',
    pages: 'zuerst die Störung beenden',
    receivers: (pageUrl) => `Testnachricht senden: tillwatch notify test --url ${pageUrl}`,
    noReceivers: 'Teams mit Slack oder E-Mail in tillwatch.yaml eintragen',
    budget: 'Fehlerursache suchen; Versionen zurückhalten',
    loadTest: 'ein Lasttest gäbe Auskunft',
    resources: {
      processor: 'mehr oder schnellere Instanzen',
      pool: 'mehr Verbindungen erlauben, oder Transaktionen verkürzen',
      memory: 'mehr Speicher oder Instanzen',
    },
  },
  message: {
    ready: (promotion, factor) => `${promotion}: alles bereit für das ${factor}-Fache des üblichen Andrangs`,
    readyAsKnown: (promotion, factor) =>
      `${promotion}: soweit bekannt bereit für das ${factor}-Fache des üblichen Andrangs`,
    notReady: (promotion, count) =>
      `${promotion}: ${count === 1 ? 'ein Punkt ist' : `${count} Punkte sind`} nicht bereit`,
    businessReady: 'Der Shop und seine Überwachung sind geprüft: Nichts steht im Weg.',
    businessNotReady: 'Die Prüfung des Shops hat etwas gefunden, das noch nicht bereit ist. Der Betrieb hat die Liste.',
    toDoHeading: 'Vor dem Start zu tun',
    unknownHeading: 'Nicht bekannt',
    readyHeading: 'Bereit',
    link: 'Alles dazu',
    footer: 'Die Prüfung vor einer Aktion; der Bericht folgt, wenn sie vorbei ist.',
  },
  report: {
    title: (promotion, factor, orders) =>
      factor === undefined
        ? `${promotion}: ${orders} Bestellungen`
        : `${promotion}: ${orders} Bestellungen, das ${factor}-Fache des üblichen Andrangs`,
    soFar: (promotion) => `${promotion} bisher`,
    lead: (orders, money, factor, expectedFactor) =>
      factor === undefined
        ? `${orders} Bestellungen im Wert von ${money} sind eingegangen.`
        : `${orders} Bestellungen im Wert von ${money} sind eingegangen, beim ${factor}-Fachen des üblichen Andrangs; erwartet war das ${expectedFactor}-Fache.`,
    noUsual: 'Was üblich ist, ist nicht bekannt: Aus der Zeit davor gibt es keine Zahlen.',
    numbers: 'In Zahlen',
    names: {
      orders: 'Bestellungen',
      money: 'Umsatz',
      attempts: 'Begonnene Bestellvorgänge',
      successRate: 'Erfolgsquote',
      factor: 'Vielfaches des Üblichen',
      peak: 'Beste Minute',
      slowest: 'Langsamster Moment',
      worst: 'Schlechtester Moment',
    },
    compared: (during, expected, usual) =>
      [during, expected === undefined ? '' : `erwartet ${expected}`, usual === undefined ? '' : `üblich ${usual}`]
        .filter(Boolean)
        .join(' · '),
    comparedRate: (during, before, objective) =>
      [during, before === undefined ? '' : `vorher ${before}`, `Ziel ${objective}`].filter(Boolean).join(' · '),
    comparedFactor: (reached, expected) => `${reached ?? 'nicht bekannt'} · erwartet ${expected}`,
    at: (value, time) => `${value} (${time})`,
    slowest: (seconds, step, time) => `${seconds} für ${step} (p95, ${time})`,
    incidents: 'Störungen',
    noIncidents: 'Keine: Niemand musste alarmiert werden.',
    incident: (from, duration, alerts, orders, money) =>
      `${from}, ${duration}: ${alerts}; etwa ${orders} Bestellungen (${money}) verloren`,
    lostInAll: (orders, money) => `Insgesamt gingen etwa ${orders} Bestellungen (${money}) verloren.`,
    basis: (kind) =>
      kind === 'week-before'
        ? 'Üblich: dieselben Stunden einer Woche ohne Aktion.'
        : 'Üblich: das Tempo der Zeit davor, bis zu einem Tag.',
    link: 'Der ganze Bericht',
  },
};
