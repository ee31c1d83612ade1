/** Geometry of the rows around an anomaly: lines with their gaps, the expected band, and ticks of time. */

import type { Line, Series } from '@/api/detections';
import type { Scale } from '@/lib/histogram';

export interface Point {
  x: number;
  y: number;
}

/** Runs of present values; a missing one ends a run, so that a gap is seen as a gap. */
export function runs(line: Line): number[][] {
  const found: number[][] = [];
  let open: number[] | null = null;
  line.forEach((value, position) => {
    if (value === null) {
      open = null;
      return;
    }
    if (open === null) found.push((open = []));
    open.push(position);
  });
  return found;
}

const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;

export function linePath(seconds: number[], line: Line, x: Scale, y: Scale): string {
  const point = (position: number): Point => ({ x: x.toPosition(seconds[position] ?? 0), y: y.toPosition(line[position] ?? 0) });
  return runs(line)
    .map((run) => {
      const [first = 0] = run;
      // A value between two gaps is a line without length, which a round cap shows as a dot.
      return run.length === 1 ? `M${at(point(first))}h0.1` : `M${run.map((position) => at(point(position))).join('L')}`;
    })
    .join('');
}

export function bandPath(seconds: number[], lower: Line, upper: Line, x: Scale, y: Scale): string {
  const both = lower.map((low, position) => (low === null || (upper[position] ?? null) === null ? null : low));
  const point = (line: Line) => (position: number) => at({ x: x.toPosition(seconds[position] ?? 0), y: y.toPosition(line[position] ?? 0) });
  return runs(both)
    .map((run) => `M${run.map(point(upper)).join('L')}L${run.toReversed().map(point(lower)).join('L')}Z`)
    .join('');
}

/** The lowest and highest of what is drawn, with a little air. */
export function valueRange(lines: Line[]): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const line of lines) {
    for (const value of line) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return { low: 0, high: 1 };
  const air = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return { low: low - air, high: high + air };
}

const steps = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_419_200, 7_257_600, 31_536_000];
const day = 86_400;

export interface TimeTick {
  seconds: number;
  label: string;
}

const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: 'numeric' });

function labelOf(seconds: number, step: number): string {
  const moment = new Date(seconds * 1000);
  if (step >= 2_419_200) return month.format(moment);
  if (step >= day || seconds % day === 0) return date.format(moment);
  return (step < 60 ? clockSeconds : clock).format(moment);
}

/** About `wanted` round moments in UTC, the clock of the data. */
export function timeTicks(from: number, until: number, wanted: number): TimeTick[] {
  if (!(until > from)) return [];
  const rough = (until - from) / Math.max(wanted, 1);
  const step = steps.find((candidate) => candidate >= rough) ?? Math.ceil(rough / 31_536_000) * 31_536_000;
  const found: TimeTick[] = [];
  for (let moment = Math.ceil(from / step) * step; moment <= until; moment += step) found.push({ seconds: moment, label: labelOf(moment, step) });
  return found;
}

/** The flagged rows of a window. */
export function flaggedIn(window: Series): number[] {
  return window.prediction.flatMap((flag, position) => (flag === 1 && (window.index[position] ?? -1) >= 0 ? [position] : []));
}

/** The position nearest to a moment. */
export function nearest(seconds: number[], moment: number): number {
  let best = 0;
  seconds.forEach((candidate, position) => {
    if (Math.abs(candidate - moment) < Math.abs((seconds[best] ?? 0) - moment)) best = position;
  });
  return best;
}
