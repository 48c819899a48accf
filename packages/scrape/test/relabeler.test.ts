import type { RelabelConfig } from '@tillwatch/config';
import { Labels } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { compileRelabeler } from '../src/relabel/relabeler.ts';
import { joinLabels, limitBreach } from '../src/target/sample-labels.ts';
import { rule } from './settings.ts';

const LABELS = { a: 'foo', b1: 'Bar', b2: 'baz' };

test.for<[string, Partial<RelabelConfig>, Record<string, string> | undefined]>([
  [
    'replace with groups',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a group of the regular expression
    { sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: 'x${1}y' },
    { ...LABELS, d: 'xooy' },
  ],
  [
    'a name is as long as it can be',
    { sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: '$1y' },
    LABELS,
  ],
  ['a dollar sign', { sourceLabels: ['a'], targetLabel: 'd', replacement: '$$1' }, { ...LABELS, d: '$1' }],
  ['the whole value has to match', { sourceLabels: ['a'], regex: 'o', targetLabel: 'd' }, LABELS],
  ['an empty result removes', { sourceLabels: ['none'], targetLabel: 'a' }, { b1: 'Bar', b2: 'baz' }],
  ['joined sources', { sourceLabels: ['a', 'b1'], separator: '-', targetLabel: 'd' }, { ...LABELS, d: 'foo-Bar' }],
  ['keep', { action: 'keep', sourceLabels: ['a'], regex: 'fo+' }, LABELS],
  ['keep drops the others', { action: 'keep', sourceLabels: ['a'], regex: 'b' }, undefined],
  ['drop', { action: 'drop', sourceLabels: ['a'], regex: 'foo' }, undefined],
  ['hashmod', { action: 'hashmod', sourceLabels: ['b2'], modulus: 1000, targetLabel: 'd' }, { ...LABELS, d: '976' }],
  ['labelmap', { action: 'labelmap', regex: 'b(.)', replacement: 'c$1' }, { ...LABELS, c1: 'Bar', c2: 'baz' }],
  ['labeldrop', { action: 'labeldrop', regex: 'b.' }, { a: 'foo' }],
  ['labelkeep', { action: 'labelkeep', regex: 'a' }, { a: 'foo' }],
  ['lowercase', { action: 'lowercase', sourceLabels: ['b1'], targetLabel: 'b1' }, { ...LABELS, b1: 'bar' }],
  ['uppercase', { action: 'uppercase', sourceLabels: ['a'], targetLabel: 'a' }, { ...LABELS, a: 'FOO' }],
  ['keepequal', { action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b1' }, undefined],
  ['dropequal', { action: 'dropequal', sourceLabels: ['a'], targetLabel: 'a' }, undefined],
])('%s', ([, config, expected]) => {
  expect(
    compileRelabeler([rule(config)])
      .relabel(Labels.of(LABELS))
      ?.toRecord(),
  ).toEqual(expected);
});

test('rules follow each other', () => {
  const first = rule({ targetLabel: 'tmp', replacement: 'x' });
  const second = rule({ sourceLabels: ['tmp'], regex: 'x', targetLabel: 'd', replacement: 'seen' });
  expect(compileRelabeler([first, second]).relabel(Labels.empty)?.toRecord()).toEqual({ tmp: 'x', d: 'seen' });
});

test.for<[string, Record<string, string>, Record<string, string>, boolean, string[], Record<string, string>]>([
  ['no conflict', { x: '1' }, { job: 'j' }, false, [], { x: '1', job: 'j' }],
  ['the target wins', { job: 'p' }, { job: 'j' }, false, [], { job: 'j', exported_job: 'p' }],
  [
    'a name that is taken is exported again',
    { job: 'p', exported_job: 'q' },
    { job: 'j' },
    false,
    [],
    { job: 'j', exported_job: 'q', exported_exported_job: 'p' },
  ],
  ['honor_labels', { job: 'p' }, { job: 'j', instance: 'i' }, true, [], { job: 'p', instance: 'i' }],
  ['honor_labels for an empty label', {}, { job: 'j', instance: 'i' }, true, ['job'], { instance: 'i' }],
])('joining labels: %s', ([, exposed, target, honor, empty, expected]) => {
  expect(joinLabels(Labels.of(exposed), Labels.of(target), honor, empty).toRecord()).toEqual(expected);
});

test('lengths are counted in bytes', () => {
  const limits = { labelLimit: 0, labelNameLengthLimit: 0, labelValueLengthLimit: 4 };
  expect(limitBreach(Labels.of({ a: 'üü' }), limits)).toBeUndefined();
  expect(limitBreach(Labels.of({ a: 'üüx' }), limits)).toContain('length: 5, limit: 4');
});
