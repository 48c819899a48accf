import { formatByteSize, parseByteSize } from '@tillwatch/config';
import { formatDuration, parseDuration, unescapeName } from '@tillwatch/model';
import { formatNumber } from '@tillwatch/promql';
import { canonicalFloat, pageFormat, parseFloatText } from '@tillwatch/scrape/exposition';
import { readAmount, TimeReader } from '../../../packages/tillwatch/src/backtest/orders/order-fields.ts';
import { BadRequest, parseDurationParameter, parseTime } from '../../../packages/tillwatch/src/http/parameters.ts';
import { unlessRefused } from '../laws.ts';
import { must, type Subject } from '../subject.ts';

const UNITS = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];

const durations: Subject = {
  name: 'durations',
  seeds: ['0', '5m', '1h30m', '1y2w3d4h5m6s7ms', '365d', '292y'],
  words: [...UNITS, '9223372036854775807ms'],
  grammar: {
    start: ['5m', '<part>', '<part><part>', '<part><part><part>'],
    part: UNITS.map((unit) => `<n>${unit}`),
    n: ['0', '1', '90', '007', '123456789'],
  },
  check(text) {
    const ms = parseDuration(text);
    if (ms === undefined) return false;
    must(Number.isFinite(ms) && ms >= 0, `a duration of ${ms}`);
    must(parseDuration(formatDuration(ms)) === ms, `${ms} ms are written ${formatDuration(ms)}`);
    return true;
  },
};

const byteSizes: Subject = {
  name: 'byte sizes',
  seeds: ['0', '512MB', '1GB512MB', '1.5GiB', '10KB'],
  words: ['B', 'KB', 'MiB', 'EB', '-', '.5'],
  check(text) {
    const bytes = parseByteSize(text);
    if (bytes === undefined) return false;
    must(Number.isFinite(bytes), `a size of ${bytes}`);
    if (Number.isSafeInteger(bytes))
      must(parseByteSize(formatByteSize(bytes)) === bytes, `${bytes} bytes are written ${formatByteSize(bytes)}`);
    return true;
  },
};

const numbers: Subject = {
  name: 'numbers',
  seeds: ['0', '1.5', '-1e-9', '+Inf', 'NaN', '.5', '1e308', '4.9406564584124654e-324', '123456789.125'],
  words: ['e', 'E', '+', '-', '.', 'inf', 'nan', '0x', '_'],
  grammar: {
    start: [
      '0',
      '<sign><digits>',
      '<sign><digits>.<digits>',
      '<sign><digits>.<digits>e<sign><digits>',
      '<sign>.<digits>',
    ],
    sign: ['', '-', '+'],
    digits: ['0', '1', '17', '123456789012345678901', '000', '<digits><digits>'],
  },
  check(text) {
    const value = parseFloatText(text);
    if (value === undefined) return false;
    must(
      Object.is(parseFloatText(canonicalFloat(value)), value === 0 ? 0 : value),
      `${value} is written ${canonicalFloat(value)}`,
    );
    must(Object.is(parseFloatText(formatNumber(value)), value), `${value} is written ${formatNumber(value)}`);
    return true;
  },
};

const names: Subject = {
  name: 'escaped names',
  seeds: ['up', 'U__http_2e_requests', 'U__a__b', 'U___1f6d2_'],
  words: ['U__', '_d800_', '_110000_', '__', '_2e_'],
  check(text) {
    const name = unescapeName(text);
    must(name.length <= text.length, `a name got longer: ${name}`);
    return true;
  },
};

const contentTypes: Subject = {
  name: 'content types',
  seeds: ['text/plain; version=0.0.4; charset=utf-8', 'application/openmetrics-text; version=1.0.0', 'text/plain'],
  words: [';', '/', '=', '"', 'version=0.0.4', 'q=0.5'],
  check(text) {
    const format = pageFormat(text, undefined);
    if (format.dialect !== undefined) return true;
    must(format.error !== '', 'no word about a content type');
    return false;
  },
};

const parameters: Subject = {
  name: 'time parameters',
  seeds: ['0', '1435781451.781', '2015-07-01T20:10:51.781Z', '2015-07-02T04:10:51+08:00', '-1e3'],
  words: ['T', 'Z', '+', '-', ':', 'e308', '60', '9223372036'],
  check(text) {
    const ms = unlessRefused(() => parseTime(text), BadRequest);
    if (ms !== undefined) must(Number.isInteger(ms), `a time of ${ms} ms`);
    const durationMs = unlessRefused(() => parseDurationParameter(text), BadRequest);
    if (durationMs !== undefined) must(Number.isFinite(durationMs), `a duration of ${durationMs} ms`);
    return ms !== undefined || durationMs !== undefined;
  },
};

const zones = ['UTC', 'Europe/Vienna', 'America/St_Johns'].map((zone) => new TimeReader(zone));

const orderFields: Subject = {
  name: 'order fields',
  seeds: [
    '2026-11-27 20:15:00',
    '2026-11-27T20:15:00,5+01:00',
    '1764273600',
    '59,90 €',
    '1.234.567,89',
    "1'234.50 CHF",
  ],
  words: ['T', 'Z', 'UTC', '+25:00', ':', '-', ',', '.', '€', 'EUR', '\u00a0'],
  check(text) {
    const amount = readAmount(text);
    if (amount !== undefined) must(Number.isFinite(amount), `an amount of ${amount}`);
    const times = zones.map((zone) => zone.read(text));
    for (const ms of times) if (ms !== undefined) must(Number.isFinite(ms), `a time of ${ms}`);
    return amount !== undefined || times.some((ms) => ms !== undefined);
  },
};

export const valueSubjects: readonly Subject[] = [
  durations,
  byteSizes,
  numbers,
  names,
  contentTypes,
  parameters,
  orderFields,
];
