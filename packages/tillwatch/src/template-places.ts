import { readYaml } from '@tillwatch/config';
import type { Problem, SourceText } from '@tillwatch/model';
import { z } from 'zod';

/** How the check of receivers calls a setting: `receivers[ops].slack_configs[0].fields[1].title`. */
const SETTING = /^receivers\[(?<receiver>.*?)\]\.(?<kind>\w+_configs)\[(?<index>\d+)\]\.(?<rest>.+)$/s;

/**
 * Moves problems in the texts of receivers from the text to the place in alertmanager.yml where it is written. Problems in
 * template files stay where they are.
 */
export function placeInReceivers(alertmanager: SourceText, problems: readonly Problem[]): Problem[] {
  const reading = readYaml(alertmanager, z.unknown());
  return problems.map((problem) => {
    const groups = SETTING.exec(problem.at.file)?.groups;
    if (groups === undefined) return problem;
    const { receiver = '', kind = '', index = '', rest = '' } = groups;
    const path = ['receivers', receiverIndex(reading.raw, receiver), kind, Number(index), ...settingPath(rest)];
    // What failed while it was rendered names its setting already, as Go does.
    const message = problem.message.includes(problem.at.file)
      ? problem.message
      : `${problem.at.file}: ${problem.message}`;
    return { ...problem, message, at: reading.spanAt(path, 'value', problem.at) };
  });
}

/** `fields[1].title` is the way fields, 1, title; what stands behind `headers.` is one name, dots and all. */
function settingPath(rest: string): (string | number)[] {
  const part = /^(\w+)\[(\d+)\]\.(.+)$/s.exec(rest);
  if (part !== null) return [part[1]!, Number(part[2]), part[3]!];
  const dot = rest.indexOf('.');
  return dot === -1 ? [rest] : [rest.slice(0, dot), rest.slice(dot + 1)];
}

function receiverIndex(raw: unknown, name: string): number {
  const receivers = (raw as { receivers?: unknown } | undefined)?.receivers;
  return Array.isArray(receivers)
    ? receivers.findIndex((receiver: { name?: unknown } | null) => String(receiver?.name) === name)
    : -1;
}
