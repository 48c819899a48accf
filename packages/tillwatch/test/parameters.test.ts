import { expect, test } from 'vitest';
import { BadRequest, Parameters, parseDurationParameter, parseTime } from '../src/http/parameters.ts';

test.for([
  ['123', 123_000],
  ['1543578564.705', 1_543_578_564_705],
  ['-1.5', -1_500],
  ['2015-06-03T13:21:58.555Z', 1_433_337_718_555],
  ['2015-06-03T14:21:58.555+01:00', 1_433_337_718_555],
] as const)('the time %s', ([text, ms]) => {
  expect(parseTime(text)).toBe(ms);
});

test.for(['', 'abc', '30s', '2015-06-03', '2015-13-03T13:21:58Z', '1e300'])('"%s" is no time', (text) => {
  expect(() => parseTime(text)).toThrow(BadRequest);
});

test.for([
  ['123', 123_000],
  ['15s', 15_000],
  ['5m', 300_000],
  ['0.5', 500],
] as const)('the duration %s', ([text, ms]) => {
  expect(parseDurationParameter(text)).toBe(ms);
});

test.for(['', '5 minutes', '-148966367200.372', '148966367200.372', '2015-06-03T13:21:58.555Z'])(
  '"%s" is no duration',
  (text) => {
    expect(() => parseDurationParameter(text)).toThrow(BadRequest);
  },
);

test('a form body comes before the query string, and lists have both', () => {
  const parameters = new Parameters(
    new URLSearchParams('query=body&match[]=a'),
    new URLSearchParams('query=url&match[]=b'),
  );
  expect(parameters.get('query')).toBe('body');
  expect(parameters.all('match[]')).toEqual(['a', 'b']);
});

test('an error names its parameter', () => {
  const parameters = new Parameters(new URLSearchParams('start=tomorrow&limit=-1'));
  expect(() => parameters.time('start')).toThrow(
    'invalid parameter "start": cannot parse "tomorrow" to a valid timestamp',
  );
  expect(() => parameters.time('start', 0)).toThrow(
    'invalid parameter "start": Invalid time value for \'start\': cannot parse "tomorrow" to a valid timestamp',
  );
  expect(() => parameters.limit()).toThrow('invalid parameter "limit"');
});
