import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF, parseRetryAfter } from '../../src/notify/backoff.ts';
import { cutMarkup, encodeUrl, escapeText, link, neutralise, unescapeText } from '../../src/notify/slack/mrkdwn.ts';
import { truncateBytes, truncateRunes } from '../../src/notify/truncate.ts';

test.for([
  ['& < > once', 'a & b <c> d', 'a &amp; b &lt;c&gt; d'],
  ['what is escaped stays', 'a &amp; b', 'a &amp; b'],
  ['a mention', '<!channel>', '&lt;!channel&gt;'],
  ['an entity that Slack does not know', '&nbsp;', '&amp;nbsp;'],
] as const)('escapes %s', ([, text, escaped]) => {
  expect(escapeText(text)).toBe(escaped);
});

test.for([
  ['bold', '*not bold*'],
  ['italic', 'a _word_ here'],
  ['code', 'run `rm -rf`'],
  ['struck', '~gone~'],
  ['everything', '*_~`x`~_*'],
] as const)('neutralises %s', ([, text]) => {
  const plain = neutralise(text);
  // No mark touches a letter or a blank on the side where it would begin or end formatting.
  expect(plain).not.toMatch(/(^|[\s(])[*_~`]+\S|\S[*_~`]+($|[\s)])/);
  expect(unescapeText(plain)).toBe(text);
});

test('names with underscores stay copyable', () => {
  expect(neutralise('checkout_step_duration_seconds{step="pay"}')).toBe('checkout_step_duration_seconds{step="pay"}');
});

test('a link ends where it should', () => {
  expect(link('https://w.example/run?q=rate(5xx)>0.02&team=ops|x y', 'run|book <b>')).toBe(
    '<https://w.example/run?q=rate(5xx)%3E0.02&amp;team=ops%7Cx%20y|run¦book &lt;b&gt;>',
  );
  expect(link('javascript:alert(1)', 'click')).toBe('click');
  expect(encodeUrl('https://a.example/?q=<a>|b c')).toBe('https://a.example/?q=%3Ca%3E%7Cb%20c');
});

test('markup is never cut inside of a character, an entity or a link', () => {
  const piece = fc.constantFrom('a', ' ', '&amp;', '&lt;', '<https://x.example/y|words>', '🚨', 'ü', '&gt;');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 5, max: 120 }), (pieces, limit) => {
      const cut = cutMarkup(pieces.join(''), limit);
      expect(cut.length).toBeLessThanOrEqual(limit);
      expect(cut).not.toMatch(/\p{Surrogate}/u);
      const rest = cut.replaceAll(/<https:\/\/x\.example\/y\|words>|&(?:amp|lt|gt);/g, '');
      expect(rest).not.toMatch(/[<>&]/);
    }),
  );
});

test('half a character at the very beginning is cut like any other', () => {
  expect(cutMarkup('\udc00 a longer text', 1)).toBe('…');
});

test('truncation keeps the limit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, limit) => {
      expect([...truncateRunes(text, limit).text].length).toBeLessThanOrEqual(limit);
      const bytes = truncateBytes(text, limit);
      expect(Buffer.byteLength(bytes.text)).toBeLessThanOrEqual(limit);
      expect(bytes.truncated).toBe(Buffer.byteLength(text) > limit);
    }),
  );
});

test.for([
  ['the first wait is at most a second', 1, undefined, 500, 1_000],
  ['waits double', 3, undefined, 2_000, 4_000],
  ['a minute is the longest', 50, undefined, 30_000, 60_000],
  ['the receiver is obeyed', 1, 7_000, 7_000, 7_700],
] as const)('%s', ([, attempts, retryAfterMs, leastMs, mostMs]) => {
  expect(backoffMs(DEFAULT_BACKOFF, attempts, () => 0, retryAfterMs)).toBe(leastMs);
  const late = backoffMs(DEFAULT_BACKOFF, attempts, () => 0.999_999, retryAfterMs);
  expect(late).toBeGreaterThanOrEqual(leastMs);
  expect(late).toBeLessThanOrEqual(mostMs);
});

test.for([
  ['1', 1_000],
  ['0.5', 500],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['99999999', 3_600_000],
  ['soon', undefined],
  [undefined, undefined],
] as const)('Retry-After %s', ([header, ms]) => {
  expect(parseRetryAfter(header, 1_000)).toBe(ms);
});
