import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartData } from '../series/range-answer.ts';
import { token } from '../theme/theme.ts';

export interface TimeChartProps {
  readonly data: ChartData;
  /** Names of colour tokens, one a line; the last is used for what is beyond. */
  readonly colours: readonly string[];
  /** How each line is dashed: lengths of strokes and gaps in CSS pixels; lines beyond are solid. */
  readonly dashes?: readonly (readonly number[])[];
  readonly format: (value: number) => string;
  readonly formatTime: (ms: number) => string;
  /** Writes a mark of the time axis; marks are `stepMs` apart. */
  readonly formatTick: (ms: number, stepMs: number) => string;
  /** The zone whose full hours and days the time axis marks. */
  readonly timeZone: string;
  /** A level to draw across, such as an objective. */
  readonly level?: number | undefined;
  readonly floor?: number | undefined;
  readonly ceiling?: number | undefined;
  /** Spans to shade, in seconds. */
  readonly spans: readonly (readonly [number, number])[];
  readonly label: string;
  /** Below the drawing, with the values under the cursor; there is one unless it is `false`. */
  readonly hasLegend?: boolean;
  /** Height of the drawing in CSS pixels. */
  readonly height?: number;
  /** Called with the index of the time under the cursor, `undefined` when it leaves. */
  readonly onCursor?: (index: number | undefined) => void;
}

/** The one place that knows the chart library. Cursors of all charts on the page move together. */
export function TimeChart(props: TimeChartProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current!;
    let chart: uPlot | undefined;
    const draw = () => {
      chart?.destroy();
      chart = new uPlot(optionsFor(props, element), dataFor(props.data), element);
    };
    draw();
    const resized = new ResizeObserver(() => chart?.setSize(sizeOf(element, props.height)));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    window.addEventListener('tillwatch-theme', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      window.removeEventListener('tillwatch-theme', draw);
      chart?.destroy();
    };
  }, [props.data, props.spans, props.level]);
  return <div class="chart" ref={host} role="img" aria-label={props.label} />;
}

/** Of the drawing; the legend below it takes as many lines as it needs. */
const HEIGHT = 204;

function sizeOf(element: HTMLElement, height = HEIGHT): { width: number; height: number } {
  return { width: Math.max(200, element.clientWidth), height };
}

function dataFor({ seconds, lines }: ChartData): uPlot.AlignedData {
  return [[...seconds], ...lines.map((line) => [...line.values])];
}

function optionsFor(props: TimeChartProps, element: HTMLElement): uPlot.Options {
  const ink = token('muted');
  const grid = { stroke: token('line'), width: 1 };
  const colourOf = (i: number) => token(props.colours[Math.min(i, props.colours.length - 1)]!);
  return {
    ...sizeOf(element, props.height),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), props.timeZone),
    cursor: { sync: { key: 'tillwatch' }, points: { size: 6 } },
    legend: { live: true, show: props.hasLegend ?? true },
    scales: {
      y: {
        range: (_chart, low, high) => {
          const bottom = Math.min(props.floor ?? low ?? 0, low ?? 0);
          const top = props.ceiling ?? Math.max(high ?? 1, props.level ?? Number.NEGATIVE_INFINITY);
          return [bottom, top <= bottom ? bottom + 1 : props.ceiling === undefined ? top + (top - bottom) * 0.06 : top];
        },
      },
    },
    axes: [
      {
        stroke: ink,
        grid,
        ticks: grid,
        font: '11px system-ui',
        space: 64,
        size: 32,
        values: (_chart, ticks, _axis, _space, step) =>
          ticks.map((seconds) => props.formatTick(seconds * 1000, step * 1000)),
      },
      {
        stroke: ink,
        grid,
        ticks: grid,
        font: '11px system-ui',
        size: 58,
        values: (_chart, ticks) => ticks.map(props.format),
      },
    ],
    series: [
      { value: (_chart, seconds) => (seconds === null ? '' : props.formatTime(seconds * 1000)), label: '' },
      ...props.data.lines.map((line, i) => ({
        label: line.name,
        stroke: colourOf(i),
        dash: [...(props.dashes?.[i] ?? [])],
        width: 1.6,
        points: { show: false },
        value: (_chart: uPlot, value: number | null) => (value === null ? '–' : props.format(value)),
      })),
    ],
    hooks: {
      drawClear: [(chart) => shade(chart, props.spans)],
      draw: [(chart) => drawLevel(chart, props.level)],
      setCursor: [(chart) => props.onCursor?.(chart.cursor.idx ?? undefined)],
    },
  };
}

function shade(chart: uPlot, spans: TimeChartProps['spans']): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = token('bad');
  ctx.globalAlpha = 0.1;
  for (const [from, to] of spans) {
    const left = Math.max(bbox.left, chart.valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(to, 'x', true));
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

function drawLevel(chart: uPlot, level: number | undefined): void {
  if (level === undefined) return;
  const { ctx, bbox } = chart;
  const y = Math.round(chart.valToPos(level, 'y', true)) + 0.5;
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = token('muted');
  ctx.setLineDash([5, 4]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
