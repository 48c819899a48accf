import type { Sparkline as Points } from '../api/index.ts';

const WIDTH = 600;
const HEIGHT = 140;

/** A level that a timeline is compared with, such as what was expected. */
export interface Level {
  readonly value: number;
  readonly name: string;
}

/** An area from zero over a span of time with levels to compare it with. `label` says in words what it shows. */
export function Timeline({
  points,
  levels,
  label,
  format,
  formatTime,
}: {
  points: Points;
  levels: readonly Level[];
  label: string;
  format: (value: number) => string;
  formatTime: (ms: number) => string;
}) {
  const top = timelineTop(points, levels);
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const [from, to] = [points.timestampsMs[0], points.timestampsMs.at(-1)];
  return (
    <figure class="timeline" aria-label={label}>
      <div class="plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <path class="area" d={areaPath(points, WIDTH, HEIGHT, top)} />
          {levels.map(({ value, name }, i) => (
            <line
              key={name}
              class={`level level-${i}`}
              x1="0"
              x2={WIDTH}
              y1={y(value)}
              y2={y(value)}
              vector-effect="non-scaling-stroke"
            />
          ))}
        </svg>
        {levels.map(({ value, name }, i) => (
          <span key={name} class={`level-name level-${i}`} style={{ top: `${(y(value) / HEIGHT) * 100}%` }}>
            {name} {format(value)}
          </span>
        ))}
      </div>
      {from !== undefined && to !== undefined && (
        <figcaption class="small">
          <span>{formatTime(from)}</span>
          <span>{formatTime(to)}</span>
        </figcaption>
      )}
    </figure>
  );
}

/** The highest value that fits, with a little room above it; never 0. */
export function timelineTop({ values }: Points, levels: readonly Level[]): number {
  const highest = [...values, ...levels.map(({ value }) => value)].reduce<number>(
    (top, value) => Math.max(top, value ?? 0),
    0,
  );
  return highest <= 0 ? 1 : highest * 1.12;
}

/** An area from zero to `top` in a box, in one piece for each run without a gap. */
export function areaPath({ timestampsMs, values }: Points, width: number, height: number, top: number): string {
  const from = timestampsMs[0] ?? 0;
  const span = (timestampsMs.at(-1) ?? from) - from;
  const x = (i: number) => (span === 0 ? width : (((timestampsMs[i] ?? from) - from) / span) * width).toFixed(1);
  const y = (value: number) => (height - (Math.max(0, value) / top) * height).toFixed(1);
  let path = '';
  let start: number | undefined;
  const close = (end: number) => {
    path += `L${x(end)} ${height}L${x(start ?? end)} ${height}Z`;
    start = undefined;
  };
  values.forEach((value, i) => {
    if (value === null) {
      if (start !== undefined) close(i - 1);
      return;
    }
    path += `${start === undefined ? 'M' : 'L'}${x(i)} ${y(value)}`;
    start ??= i;
  });
  if (start !== undefined) close(values.length - 1);
  return path;
}
