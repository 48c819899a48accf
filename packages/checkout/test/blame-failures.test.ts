import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blameFailures } from '../src/diagnosis/blame-failures.ts';
import { type AttemptCell, blameMissing } from '../src/diagnosis/blame-missing.ts';
import type { OutcomeCell } from '../src/diagnosis/outcome-cell.ts';

const PROVIDERS = ['alpha', 'beta', 'gamma'];
const REGIONS = ['eu', 'us'];
const CHANNELS = ['web', 'app'];

interface Cause {
  readonly hits: (lane: Record<string, string>) => boolean;
  readonly share: number;
  readonly step: string;
  readonly reason: string;
}

/** 40 checkouts in each combination, of which 0.25 % fail anyway; those of the cause fail by its share in addition. */
function cells(cause?: Cause, scale = 40): OutcomeCell[] {
  return PROVIDERS.flatMap((provider) =>
    REGIONS.flatMap((region) =>
      CHANNELS.flatMap((channel): OutcomeCell[] => {
        const lane = { provider, region, channel };
        const share = cause?.hits(lane) === true ? cause.share : 0;
        return [
          { labels: { ...lane, step: 'confirm' }, isFailure: false, count: scale * (1 - share) },
          { labels: { ...lane, step: 'payment', reason: 'timeout' }, isFailure: true, count: scale * 0.0025 },
          ...(cause === undefined || share === 0
            ? []
            : [{ labels: { ...lane, step: cause.step, reason: cause.reason }, isFailure: true, count: scale * share }]),
        ];
      }),
    ),
  );
}

const BASELINE = cells(undefined, 2_000);

test('a region that fails before anybody has a provider is named, although no other region ever failed there', () => {
  const bought = (region: string, count: number): OutcomeCell[] =>
    PROVIDERS.map((provider) => ({ labels: { provider, region, step: 'confirm' }, isFailure: false, count }));
  const refused = { region: 'us', step: 'shipping', reason: 'carrier_unavailable' };
  const now = [
    ...bought('eu', 9),
    ...bought('uk', 4),
    ...bought('us', 1.5),
    { labels: refused, isFailure: true, count: 19 },
  ];
  const before = [...bought('eu', 22), ...bought('uk', 12), ...bought('us', 15)];
  expect(blameFailures(now, before).map(({ labels }) => labels)).toEqual([{ region: 'us', step: 'shipping' }]);
});

describe('blame for failures', () => {
  test.for<[string, Cause, Record<string, string>]>([
    [
      'a provider',
      { hits: ({ provider }) => provider === 'beta', share: 1, step: 'payment', reason: 'down' },
      { provider: 'beta', step: 'payment' },
    ],
    [
      'a third of a provider',
      { hits: ({ provider }) => provider === 'alpha', share: 0.33, step: 'payment', reason: 'http_500' },
      { provider: 'alpha', step: 'payment' },
    ],
    [
      'a region',
      { hits: ({ region }) => region === 'us', share: 0.7, step: 'shipping', reason: 'quote' },
      { region: 'us', step: 'shipping' },
    ],
    [
      'a provider in a region',
      {
        hits: ({ provider, region }) => provider === 'alpha' && region === 'eu',
        share: 0.9,
        step: 'payment',
        reason: 'down',
      },
      { provider: 'alpha', region: 'eu', step: 'payment' },
    ],
    [
      'a step of everybody',
      { hits: () => true, share: 0.3, step: 'confirm', reason: 'db_timeout' },
      { step: 'confirm' },
    ],
  ])('%s', ([, cause, labels]) => {
    const [first, ...others] = blameFailures(cells(cause), BASELINE);
    expect(first?.labels).toEqual(labels);
    expect(first?.severity).toBeCloseTo(cause.share, 1);
    expect(first?.share).toBeGreaterThan(0.9);
    expect(first?.reasons[0]?.reason).toBe(cause.reason);
    expect(others).toEqual([]);
  });

  test('two causes at once, the larger first', () => {
    const one: Cause = { hits: ({ provider }) => provider === 'beta', share: 0.9, step: 'payment', reason: 'down' };
    const both = [
      ...cells(one, 100),
      ...REGIONS.map(
        (region): OutcomeCell => ({
          labels: { region: 'us', channel: 'app', step: 'shipping', reason: 'quote' },
          isFailure: true,
          count: region === 'us' ? 60 : 0,
        }),
      ),
    ];
    const found = blameFailures(both, BASELINE).map(({ labels }) => labels);
    expect(found[0]).toEqual({ provider: 'beta', step: 'payment' });
    expect(found[1]).toMatchObject({ step: 'shipping' });
  });

  test.for<[string, OutcomeCell[]]>([
    ['a healthy shop', cells()],
    [
      'one failed order',
      [...cells(), { labels: { provider: 'beta', step: 'payment', reason: 'new' }, isFailure: true, count: 1 }],
    ],
    ['no checkouts', []],
  ])('nobody in %s', ([, now]) => {
    expect(blameFailures(now, BASELINE)).toEqual([]);
  });

  test('does not depend on the order of the cells', () => {
    const now = cells({ hits: ({ region }) => region === 'us', share: 0.5, step: 'shipping', reason: 'quote' });
    const expected = blameFailures(now, BASELINE).map(({ labels }) => labels);
    fc.assert(
      fc.property(fc.shuffledSubarray(now, { minLength: now.length }), (shuffled) => {
        expect(blameFailures(shuffled, BASELINE).map(({ labels }) => labels)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test('shares and severities are shares, whatever is counted', () => {
    const cell = fc.record({
      labels: fc.record({
        provider: fc.constantFrom(...PROVIDERS),
        region: fc.constantFrom(...REGIONS),
        step: fc.constantFrom('a', 'b'),
      }),
      isFailure: fc.boolean(),
      count: fc.double({ min: 0, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 40 }), fc.array(cell, { maxLength: 40 }), (now, before) => {
        for (const { share, severity, extra } of blameFailures(now, before)) {
          expect(share).toBeGreaterThan(0);
          expect(share).toBeLessThanOrEqual(1);
          expect(severity).toBeLessThanOrEqual(1);
          expect(extra).toBeGreaterThan(0);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('blame for missing attempts', () => {
  const lane = (channel: string, region: string, seen: number, expected: number): AttemptCell => ({
    labels: { channel, region },
    seen,
    expected,
  });
  const usual = [lane('web', 'eu', 100, 100), lane('web', 'us', 60, 60)];

  test.for<[string, AttemptCell[], Record<string, string>[]]>([
    ['a silent channel', [...usual, lane('app', 'eu', 0, 40), lane('app', 'us', 0, 30)], [{ channel: 'app' }]],
    [
      'a silent lane',
      [...usual, lane('app', 'eu', 0, 60), lane('app', 'us', 62, 60)],
      [{ channel: 'app', region: 'eu' }],
    ],
    ['everything gone alike', [lane('web', 'eu', 0, 100), lane('app', 'eu', 0, 40)], []],
    ['an evening', [lane('web', 'eu', 50, 100), lane('app', 'eu', 19, 40)], []],
    ['a surge of one channel', [lane('web', 'eu', 700, 100), lane('app', 'eu', 40, 40)], []],
    ['a handful', [...usual, lane('app', 'eu', 0, 4)], []],
  ])('%s', ([, now, labels]) => {
    expect(blameMissing(now).map((finding) => finding.labels)).toEqual(labels);
  });
});

test('what all checkouts share is not blamed, but a provider is named even when it is the only one', () => {
  const only = (all: OutcomeCell[]) =>
    all.map((cell) => ({ ...cell, labels: { ...cell.labels, provider: 'alpha', instance: 'shop:80', version: '1' } }));
  const cause: Cause = { hits: () => true, share: 0.5, step: 'payment', reason: 'timeout' };
  const [finding] = blameFailures(only(cells(cause)), only(BASELINE));
  expect(finding?.labels).toEqual({ step: 'payment', provider: 'alpha' });
});
