import { Labels, METRIC_NAME } from '@tillwatch/model';
import { type Dialect, type ExpositionEntry, ExpositionError, parseExposition } from '@tillwatch/scrape/exposition';
import { ExpositionScanner } from '../../../packages/scrape/src/exposition/scanner.ts';
import { mustBePlain, unlessRefused } from '../laws.ts';
import { must, mustEqual, type Subject } from '../subject.ts';

const TEXT = `# HELP http_requests_total Requests with \\\\ and \\n in it.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# an ordinary comment
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf 3982045
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
{"utf8.name", "strange label"="ü"} NaN
`;

const OPENMETRICS = `# TYPE foo counter
# UNIT foo_seconds seconds
# HELP foo_seconds Some \\"help\\".
foo_total{a="b"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.7
foo_created{a="b"} 1520430000.123
# TYPE bar histogram
bar_bucket{le="1.0"} 3 # {} 0.5
bar_bucket{le="+Inf"} 4
bar_count 4
bar_sum 3.5
# TYPE baz info
baz_info{version="1"} 1
{"utf8.name","strange label"="ü"} 2
# EOF
`;

const WORDS = [
  '# HELP ',
  '# TYPE ',
  '# UNIT ',
  '# EOF\n',
  '# {',
  'le="',
  'quantile="0.5"',
  '="',
  '",',
  '\\n',
  '\\"',
  ' 1e400',
  ' 0x10',
  ' 1395066363000',
  '{"',
  '{}',
  '# ',
  'counter\n',
  'histogram\n',
];

const GRAMMAR = {
  start: ['<line><line>', '<line><start>'],
  line: [
    '<series> <value>\n',
    '<series> <value> <time>\n',
    '# TYPE <name> <type>\n',
    '# HELP <name> <text>\n',
    '# <text>\n',
    '\n',
  ],
  series: ['<name>', '<name>{<labels>}', '{"<text>",<labels>}'],
  labels: ['', '<label>', '<label>,<labels>', '<label>,'],
  label: ['<name>="<text>"', 'le="<value>"', '"<text>"="<text>"'],
  name: ['up', 'a:b', '_x1', 'foo_total', 'x_bucket', '__proto__'],
  type: ['counter', 'gauge', 'histogram', 'summary', 'untyped', 'unknown'],
  text: ['', 'a', 'ü 🛒', '\\n', '\\\\', '\\"', 'constructor', '<text><text>'],
  value: ['1', '0.25', '-1e9', '+Inf', 'NaN', '123456789012345678'],
  time: ['0', '1395066363000', '-1'],
};

function expositionSubject(name: string, dialect: Dialect, seed: string, end: string): Subject {
  return {
    name,
    seeds: [seed],
    words: WORDS,
    grammar: { ...GRAMMAR, start: ['<line><line>', '<line><start>'], page: [`<start>${end}`] },
    check(input) {
      const bytes = Buffer.from(input, 'utf8');
      const entries = unlessRefused(() => parseExposition(bytes, dialect), ExpositionError);
      if (entries === undefined) return false;
      mustBePredictable(bytes, dialect);
      mustBePlain(entries);
      for (const entry of entries) mustSurvive(entry, dialect);
      return true;
    },
  };
}

/** A sample that was read, written down in the plainest way, is read as the same. */
function mustSurvive(entry: ExpositionEntry, dialect: Dialect): void {
  if (entry.kind !== 'series') return;
  must(entry.labels instanceof Labels, 'a series without labels');
  const parts = Array.from(entry.labels.without([METRIC_NAME]), ([name, value]) => `${quoted(name)}=${quoted(value)}`);
  const again = parseExposition(
    `{${[quoted(entry.labels.metricName), ...parts].join(',')}} 1\n${dialect === 'openmetrics' ? '# EOF\n' : ''}`,
    dialect,
  );
  const [series] = again;
  must(series?.kind === 'series', 'it is no series any more');
  mustEqual(series.labels.flat, entry.labels.flat, 'the labels of a series');
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`;
}

/** Lines that are compared with the previous page mean what they mean when they are read anew. */
function mustBePredictable(bytes: Buffer, dialect: Dialect): void {
  const known: { readonly view: DataView; readonly from: number; readonly to: number; readonly value: number }[] = [];
  const first = new ExpositionScanner(bytes, dialect);
  for (let kind = first.next(); kind !== 'end'; kind = first.next()) {
    if (kind !== 'series') continue;
    const view = new DataView(first.bytes.buffer, first.bytes.byteOffset, first.bytes.byteLength);
    known.push({ view, from: first.lineFrom, to: first.lineTo, value: first.value });
  }
  const second = new ExpositionScanner(bytes, dialect);
  let next = 0;
  for (;;) {
    const one = known[next];
    if (one !== undefined && second.nextSeriesIs(one.view, one.from, one.to)) {
      must(Object.is(second.value, one.value), `${one.value} is ${second.value} the second time`);
      next++;
      continue;
    }
    const kind = second.next();
    if (kind === 'end') break;
    if (kind !== 'series') continue;
    must(Object.is(second.value, one?.value), `${one?.value} is ${second.value} the second time`);
    next++;
  }
  must(next === known.length, `${next} of ${known.length} series are there the second time`);
}

export const expositionSubjects: readonly Subject[] = [
  expositionSubject('exposition text', 'text', TEXT, ''),
  expositionSubject('openmetrics', 'openmetrics', OPENMETRICS, '# EOF\n'),
];
