import { Labels } from '@tillwatch/model';

/**
 * Replaces `$NAME` and `${NAME}` in label values from an environment; `$$` is a dollar sign. An unknown name becomes '',
 * which removes a label that consisted of it. Without an environment nothing is replaced.
 */
export function expandLabels(
  labels: Labels,
  environment: Readonly<Record<string, string | undefined>> | undefined,
): Labels {
  if (environment === undefined) return labels;
  const expand = (value: string) =>
    value.replace(/\$(?:\$|\{([^}]*)\}|([a-zA-Z_]\w*))/g, (whole, braced?: string, bare?: string) => {
      if (whole === '$$') return '$';
      return environment[braced ?? bare ?? ''] ?? '';
    });
  return Labels.from([...labels].map(([name, value]) => [name, expand(value)] as const));
}
