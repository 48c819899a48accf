import fc from 'fast-check';

/** Random expressions as text, well typed, for properties. */
const label = fc.constantFrom('a', 'b', 'job', 'le', 'utf8 name');
const text = fc.oneof(fc.constantFrom('', 'x', 'a|b', 'q"\\ü\n'), fc.string({ maxLength: 5 }));
const quoted = text.map((value) => JSON.stringify(value));
const duration = fc.constantFrom('5m', '1h30m', '90', '1ms', '2w', '0x10');
const matcher = fc
  .tuple(label, fc.constantFrom('=', '!='), quoted)
  .map(([name, op, value]) => `${JSON.stringify(name)}${op}${value}`);
const shift = fc.constantFrom('', ' offset 5m', ' offset -1h', ' @ 12.5', ' @ start()', ' @ end() offset 1m');
const selector = fc
  .tuple(fc.constantFrom('up', 'a:b', 'sum', 'offset_x'), fc.array(matcher, { maxLength: 3 }))
  .map(([name, matchers]) => (matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`));
const number = fc.constantFrom('1', '0.5', '1e9', 'Inf', 'NaN', '-3', '5m', '1_000');

const labels = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'job'), { maxLength: 2 })
  .map((names) => `(${names.join(', ')})`);

export const { vector: vectorText } = fc.letrec<{ vector: string; matrix: string; scalar: string }>((tie) => ({
  scalar: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc.constant('time()'),
    tie('vector').map((v) => `scalar(${v})`),
  ),
  matrix: fc.oneof(
    fc.tuple(selector, duration, shift).map(([one, range, moved]) => `${one}[${range}]${moved}`),
    fc.tuple(tie('vector'), duration, shift).map(([one, range, moved]) => `(${one})[${range}:30s]${moved}`),
  ),
  vector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(selector, shift).map(([one, moved]) => `${one}${moved}`),
    tie('matrix').map((one) => `rate(${one})`),
    fc.tuple(tie('scalar'), tie('matrix')).map(([q, one]) => `quantile_over_time(${q}, ${one})`),
    fc
      .tuple(fc.constantFrom('sum', 'max', 'count'), fc.constantFrom(' by ', ' without '), labels, tie('vector'))
      .map((p) => `${p[0]}${p[1]}${p[2]}(${p[3]})`),
    fc.tuple(tie('vector'), fc.constantFrom('+', '/', '^', '> bool', '=='), tie('scalar')).map((p) => p.join(' ')),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom('and', 'or on (a)', '* ignoring (b) group_left (x)', '- on ()'),
        tie('vector'),
      )
      .map(([l, op, r]) => `(${l}) ${op} (${r})`),
    tie('vector').map((one) => `-${one}`),
    tie('vector').map((one) => `label_replace(${one}, "dst", "$1", "src", "(.*)")`),
  ),
}));
