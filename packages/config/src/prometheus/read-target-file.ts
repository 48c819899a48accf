import { isError, Labels, type Problem, type SourceText } from '@tillwatch/model';
import { isLabelName } from '../fields/labels.ts';
import { list } from '../fields/object.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import type { StaticConfig } from './config.ts';
import { STATIC_CONFIG } from './discovery.ts';

const TARGET_GROUPS = list(STATIC_CONFIG, 'nil target group item found');

/**
 * Reads a file of targets (`file_sd_configs`, YAML or JSON, which is YAML too) or the answer of `http_sd_configs`: a list of
 * groups with targets and labels. An empty file is an empty list.
 */
export function readTargetFile(source: SourceText): { groups: StaticConfig[]; problems: Problem[] } {
  if (source.text.trim() === '') return { groups: [], problems: [] };
  const plain = readPlainJson(source.text);
  if (plain !== undefined) return { groups: plain, problems: [] };
  const { value, problems } = readYaml(source, TARGET_GROUPS, { keepSource: true });
  const groups = value ?? [];
  return { groups: problems.some(isError) ? [] : groups, problems };
}

/**
 * Reads JSON in which nothing is wrong, which is what programs write; `undefined` for all else. It needs a hundredth of the time
 * that reading with places takes, and lists of targets can be long.
 */
function readPlainJson(text: string): StaticConfig[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const groups: StaticConfig[] = [];
  for (const group of value) {
    if (!isRecord(group)) return undefined;
    const { targets = [], labels = {}, ...others } = group;
    if (Object.keys(others).length > 0 || !isRecord(labels) || !Array.isArray(targets)) return undefined;
    const isPlain =
      targets.every((target) => typeof target === 'string') &&
      Object.entries(labels).every(([name, label]) => isLabelName(name, 'utf8') && typeof label === 'string');
    if (!isPlain) return undefined;
    groups.push({ targets, labels: Labels.of(labels as Record<string, string>) });
  }
  return groups;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
