import { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Dialect, type ExpositionEntry, pageFormat, parseExposition } from '@tillwatch/scrape/exposition';
import { expect, test } from 'vitest';

const directory = process.env.CONFORMANCE_DIR ?? fileURLToPath(new URL('../../../shared/conformance', import.meta.url));

/** Cases where we decide otherwise on purpose, with the reason. */
const deliberate: Readonly<Record<string, string>> = {
  'prometheus/exposition-text/0001': 'needs the feature flag type-and-unit-labels, which we do not have',
  'prometheus/exposition-openmetrics/0001': 'needs the feature flag type-and-unit-labels, which we do not have',
  'prometheus/exposition-content-type/0017': 'protobuf is never asked for, so a target that sends it is refused',
};

type Raw = string | { readonly $b64: string };
interface Entry {
  readonly kind: string;
  readonly metric?: string;
  readonly text?: string;
  readonly labels?: Record<string, string>;
  readonly value?: string | number;
  readonly timestamp_ms?: number;
  readonly type?: string;
  readonly help?: string;
  readonly unit?: string;
  readonly start_timestamp_ms?: number;
  readonly exemplars?: { labels: Record<string, string>; value: string | number; timestamp_ms?: number }[];
}
interface Case {
  readonly id: string;
  readonly input: Raw;
  readonly format?: Dialect;
  readonly entries?: Entry[];
  readonly ok?: boolean;
  readonly content_type?: string;
  readonly fallback_scrape_protocol?: string;
  readonly parser?: string | null;
  readonly error?: string;
  readonly type_and_unit_labels?: boolean;
}

topic('exposition-text', (one) => comparePage(one, 'text'));
topic('exposition-openmetrics', (one) => comparePage(one, 'openmetrics'));
topic('exposition-families', (one) => comparePage(one, one.format ?? 'text'));
topic('exposition-errors', ({ input, format, ok, error }) => {
  const read = () => parseExposition(bytes(input), format);
  // "EOF" is upstream's way to say that the page ended as it should.
  if (ok === true || error === 'EOF') read();
  else expect(read).toThrow(/line \d+, column \d+/);
});
topic('exposition-content-type', ({ content_type, fallback_scrape_protocol, parser, error }) => {
  const format = pageFormat(content_type, fallback_scrape_protocol);
  if (parser === null)
    expect(format).toMatchObject({ dialect: undefined, error: expect.stringContaining('fallback_scrape_protocol') });
  else expect(format).toMatchObject({ dialect: parser, warning: error === '' ? undefined : expect.any(String) });
});

function comparePage({ input, entries = [] }: Case, dialect: Dialect): void {
  const got = parseExposition(bytes(input), dialect)
    // Start times from `_created` lines are a feature that has to be switched on; without it they are series.
    .filter(
      (entry) => !(entry.kind === 'series' && /_created$/.test(entry.labels.metricName) && !wants(entries, entry)),
    )
    .map(plain);
  // A case may say nothing of labels and values.
  const fields = new Set(entries.flatMap((entry) => Object.keys(entry)));
  const kept = got.map((entry) => Object.fromEntries(Object.entries(entry).filter(([field]) => fields.has(field))));
  expect(kept).toEqual(entries.map(expected));
}

function wants(entries: readonly Entry[], got: ExpositionEntry): boolean {
  return entries.some((entry) => entry.kind === 'series' && got.kind === 'series' && entry.metric === got.text);
}

function expected({ start_timestamp_ms: _, ...entry }: Entry): Entry {
  return {
    ...entry,
    // A label with an empty value is no label.
    ...(entry.labels === undefined
      ? {}
      : { labels: Object.fromEntries(Object.entries(entry.labels).filter(([, value]) => value !== '')) }),
    ...(entry.value === undefined ? {} : { value: number(entry.value) }),
    ...(entry.exemplars === undefined
      ? {}
      : { exemplars: entry.exemplars.map((exemplar) => ({ ...exemplar, value: number(exemplar.value) })) }),
  };
}

/** The data have sample values as texts. */
function number(text: string | number): number {
  return Number(String(text).replace('Inf', 'Infinity'));
}

function plain(entry: ExpositionEntry): Entry {
  if (entry.kind !== 'series') return entry;
  const { text, labels, value, timestampMs, exemplar } = entry;
  return {
    kind: 'series',
    metric: text,
    labels: labels.toRecord(),
    value,
    ...(timestampMs === undefined ? {} : { timestamp_ms: timestampMs }),
    ...(exemplar === undefined
      ? {}
      : {
          exemplars: [
            {
              labels: exemplar.labels.toRecord(),
              value: exemplar.value,
              ...(exemplar.timestampMs === undefined ? {} : { timestamp_ms: exemplar.timestampMs }),
            },
          ],
        }),
  };
}

function bytes(raw: Raw): Uint8Array {
  return typeof raw === 'string' ? Buffer.from(raw) : Buffer.from(raw.$b64, 'base64');
}

function topic(name: string, check: (one: Case) => void): void {
  const file = `${directory}/prometheus/${name}.json`;
  test.skipIf(!existsSync(file))(`prometheus/${name} (needs the conformance data)`, () => {
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };
    const failed: string[] = [];
    const compared = cases.filter((one) => !(one.id in deliberate));
    for (const one of compared) {
      try {
        check(one);
      } catch (cause) {
        failed.push(`${one.id}: ${(cause as Error).message}`);
      }
    }
    const passed = compared.length - failed.length;
    const different = cases.length - compared.length;
    console.info(`prometheus/${name}: ${passed} passed, ${failed.length} failed, ${different} deliberately different`);
    expect(failed).toEqual([]);
  });
}
