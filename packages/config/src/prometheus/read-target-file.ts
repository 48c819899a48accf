import { isError, type Problem, type SourceText } from '@tillwatch/model';
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
  const { value, problems } = readYaml(source, TARGET_GROUPS, { keepSource: true });
  const groups = value ?? [];
  return { groups: problems.some(isError) ? [] : groups, problems };
}
