import { parseDuration } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { durationHint } from '../src/fields/duration-hint.ts';
import { formatByteSize, isLabelName, isMetricName, parseByteSize, secretUrl, url } from '../src/index.ts';

test.for([
  ['5 minutes', 'write 5m'],
  ['1.5h', 'write 1h30m'],
  ['1 h, 30 min', 'write 1h30m'],
  ['1 hour and 30 seconds', 'write 1h30s'],
  ['30m1h', 'write 1h30m'],
  ['5M', 'write 5m'],
  ['2 Stunden', 'write 2h'],
  ['90', 'a duration needs a unit: write 90s for seconds or 90m for minutes'],
  ['soon', 'write for example 30s, 5m, 1h30m or 1d'],
  ['-5m', 'write for example 30s, 5m, 1h30m or 1d'],
  ['0 seconds', 'write for example 30s, 5m, 1h30m or 1d'],
  ['', 'write for example 30s, 5m, 1h30m or 1d'],
  [`${'9'.repeat(400)} hours`, 'write for example 30s, 5m, 1h30m or 1d'],
] as const)('the hint for the duration "%s"', ([text, hint]) => {
  expect(durationHint(text)).toBe(hint);
  const written = /^write (\S+)$/.exec(hint)?.[1];
  if (written !== undefined) expect(parseDuration(written)).toBeDefined();
});

test.for([
  ['0', 0],
  ['1B', 1],
  ['512KB', 524_288],
  ['10MB', 10_485_760],
  ['10MiB', 10_485_760],
  ['1.5GB', 1_610_612_736],
  ['1GB512MB', 1_610_612_736],
  ['100', undefined],
  ['', undefined],
  ['MB', undefined],
  ['1XB', undefined],
] as const)('the size "%s" is %s bytes', ([text, bytes]) => {
  expect(parseByteSize(text)).toBe(bytes);
  if (bytes !== undefined) expect(parseByteSize(formatByteSize(bytes))).toBe(bytes);
});

test.for([
  ['job', true, true],
  ['_', true, true],
  ['0job', false, true],
  ['job-name', false, true],
  ['💳', false, true],
  ['', false, false],
  ['\udcff', false, false],
] as const)('is "%s" a label name: legacy %s, utf8 %s', ([name, legacy, utf8]) => {
  expect([isLabelName(name, 'legacy'), isLabelName(name)]).toEqual([legacy, utf8]);
});

test('a metric name may have colons', () => {
  expect([isMetricName('a:b', 'legacy'), isLabelName('a:b', 'legacy')]).toEqual([true, false]);
});

describe('URLs', () => {
  test.for([
    ['https://shop.test/x?y=1', undefined],
    ['HTTP://shop.test', undefined],
    ['shop.test', '"shop.test" has no scheme'],
    ['ftp://shop.test', 'unsupported scheme "ftp" for URL'],
    ['http:///x', 'missing host for URL'],
    ['http://shop test/', '"http://shop test/" is not a URL'],
  ] as const)('%s', ([text, message]) => {
    const result = url().safeParse(text);
    expect(result.error?.issues[0]?.message).toBe(message);
    const secret = secretUrl().safeParse(text);
    expect(secret.success).toBe(message === undefined);
    if (message !== undefined) expect(secret.error?.message).not.toContain('shop');
  });
});
