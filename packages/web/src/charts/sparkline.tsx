import type { Sparkline as Points } from '../api/index.ts';

const WIDTH = 200;
const HEIGHT = 36;

/** A small line without axes; gaps stay gaps. Decoration beside a figure, so hidden from screen readers. */
export function Sparkline({ points, tone }: { points: Points; tone: string }) {
  const path = sparklinePath(points, WIDTH, HEIGHT);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" class={`ink-${tone}`}>
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        vector-effect="non-scaling-stroke"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** The path of a sparkline in a box; a flat line lies in the middle. */
export function sparklinePath({ timestampsMs, values }: Points, width: number, height: number): string {
  const known = values.filter((value): value is number => value !== null);
  const from = timestampsMs[0];
  const to = timestampsMs.at(-1);
  if (known.length === 0 || from === undefined || to === undefined) return '';
  const low = Math.min(...known);
  const high = Math.max(...known);
  const x = (ms: number) => (to === from ? width : ((ms - from) / (to - from)) * width);
  const y = (value: number) => (high === low ? height / 2 : height - 2 - ((value - low) / (high - low)) * (height - 4));
  let path = '';
  let isPenDown = false;
  values.forEach((value, i) => {
    if (value === null) {
      isPenDown = false;
      return;
    }
    path += `${isPenDown ? 'L' : 'M'}${x(timestampsMs[i]!).toFixed(1)} ${y(value).toFixed(1)}`;
    isPenDown = true;
  });
  return path;
}
