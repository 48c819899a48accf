import type { Kernel } from './range-kernels.ts';

/** The kernels for `anchored` and `smoothed` range selectors; `undefined` for functions that cannot use them. */
export function extendedKernel(_func: string, _extension: 'anchored' | 'smoothed'): Kernel | undefined {
  return undefined;
}
