// The targets of the soak, in a process of their own: pages are rendered once, and only digits are put into them at each scrape.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the exporter is started with, as JSON. */
export interface ExporterOptions {
  readonly targets: number;
  readonly seriesPerTarget: number;
  readonly intervalMs: number;
}

/**
 * What the bench asks for: what happened, a renaming, to judge what comes from now on alone, and to refuse scrapes, so that what
 * was sent can be compared.
 */
export type ExporterRequest = 'facts' | 'rename' | 'begin' | 'stop';

/** What happened since facts were asked for the last time, and in all. */
export interface ExporterFacts {
  /** Samples in pages that were sent to their end, in all. */
  readonly sent: number;
  /** Scrapes since then. */
  readonly scrapes: number;
  /** Intervals without a scrape since then. */
  readonly missed: number;
  /** By how much the latest scrape since then came after its turn, ms. */
  readonly latestMs: number;
  /** How late this process itself was at most since then, ms: a scrape that waits here is not late. */
  readonly ownDelayMs: number;
}

const VALUE_DIGITS = 12;
const GENERATION_DIGITS = 4;
/** Of ten series one gets another name at a time, each time another tenth. */
const TENTHS = 10;

/** The page of one target. */
class Page {
  readonly bytes: Buffer;
  readonly #values: Uint32Array;
  readonly #generations: Uint32Array;
  #scrapes = 0;

  constructor(target: number, series: number) {
    const text: string[] = ['# TYPE soak_requests_total counter\n'];
    let at = text[0]!.length;
    this.#values = new Uint32Array(series);
    this.#generations = new Uint32Array(series);
    for (let i = 0; i < series; i++) {
      const head = `soak_requests_total{target="${digits(target, 3)}",series="${digits(i, 6)}",generation="`;
      this.#generations[i] = at + head.length;
      const line = `${head}${digits(0, GENERATION_DIGITS)}"} `;
      this.#values[i] = at + line.length;
      text.push(`${line}${digits(0, VALUE_DIGITS)}\n`);
      at += line.length + VALUE_DIGITS + 1;
    }
    this.bytes = Buffer.from(text.join(''), 'latin1');
  }

  get series(): number {
    return this.#values.length;
  }

  /** The page as it is now, a copy: it may be on its way while the next one is made. */
  next(): Buffer {
    this.#scrapes++;
    for (let i = 0; i < this.#values.length; i++)
      this.#write(this.#values[i]!, VALUE_DIGITS, this.#scrapes * (1 + (i % 7)));
    return Buffer.from(this.bytes);
  }

  /** Gives a tenth of the series another name. */
  rename(turn: number): void {
    for (let i = turn % TENTHS; i < this.#generations.length; i += TENTHS) {
      this.#write(this.#generations[i]!, GENERATION_DIGITS, turn + 1);
    }
  }

  #write(at: number, length: number, value: number): void {
    let rest = value;
    for (let i = at + length - 1; i >= at; i--) {
      this.bytes[i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

/** When a target is scraped: how far from its turn, and how many turns were left out. */
class Turns {
  readonly #intervalMs: number;
  #firstMs: number | undefined;
  #last = 0;
  latestMs = 0;
  missed = 0;
  scrapes = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  take(nowMs: number): void {
    this.scrapes++;
    this.#firstMs ??= nowMs;
    // One that comes before its turn shows that the first was late: what comes is judged by the earlier one.
    const turn = Math.round((nowMs - this.#firstMs) / this.#intervalMs);
    const lateMs = nowMs - this.#firstMs - turn * this.#intervalMs;
    if (lateMs < 0) this.#firstMs += lateMs;
    else this.latestMs = Math.max(this.latestMs, lateMs);
    this.missed += Math.max(0, turn - this.#last - 1);
    this.#last = turn;
  }

  reset(): void {
    this.latestMs = 0;
    this.missed = 0;
    this.scrapes = 0;
  }
}

const options = JSON.parse(process.argv[2] ?? '{}') as ExporterOptions;
const pages = Array.from({ length: options.targets }, (_, target) => new Page(target, options.seriesPerTarget));
const newTurns = () => pages.map(() => new Turns(options.intervalMs));
let turns = newTurns();
let renamed = 0;
let sent = 0;
let isOver = false;
let ownDelayMs = 0;

const server = createServer((request, response) => {
  const target = Number(/^\/metrics\/(\d+)$/.exec(request.url ?? '')?.[1]);
  const page = pages[target];
  if (page === undefined || isOver) {
    response.writeHead(isOver ? 503 : 404).end();
    return;
  }
  turns[target]!.take(performance.now());
  const body = page.next();
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-length': body.length });
  response.once('finish', () => {
    sent += page.series;
  });
  response.end(body);
});

const LOOK_MS = 20;
let lookedMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  ownDelayMs = Math.max(ownDelayMs, nowMs - lookedMs - LOOK_MS);
  lookedMs = nowMs;
}, LOOK_MS).unref();

function facts(): ExporterFacts {
  return {
    sent,
    scrapes: turns.reduce((sum, { scrapes }) => sum + scrapes, 0),
    missed: turns.reduce((sum, { missed }) => sum + missed, 0),
    latestMs: Math.max(...turns.map(({ latestMs }) => latestMs)),
    ownDelayMs,
  };
}

process.on('message', (request: ExporterRequest) => {
  if (request === 'rename') {
    for (const page of pages) page.rename(renamed);
    renamed++;
  }
  if (request === 'begin') turns = newTurns();
  if (request === 'stop') isOver = true;
  process.send?.(facts());
  if (request !== 'facts') return;
  for (const one of turns) one.reset();
  ownDelayMs = 0;
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
