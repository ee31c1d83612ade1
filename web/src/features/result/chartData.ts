/** Arranges a series for uPlot: columns of numbers against seconds. */

import type { AlignedData } from 'uplot';

import type { Line, Series } from '@/api/detections';

export interface ChartData {
  seconds: number[];
  value: Line;
  expected: Line;
  lower: Line;
  upper: Line;
  score: Line;
  row: number[];
}

export interface Range {
  from: number;
  until: number;
}

export function columnsOf(series: Series): string[] {
  return Object.keys(series.value);
}

export function chartData(series: Series, column: string): ChartData {
  const empty: Line = series.time.map(() => null);
  return {
    seconds: series.time.map((time) => Date.parse(time) / 1000),
    value: series.value[column] ?? empty,
    expected: series.expected[column] ?? empty,
    lower: series.lower[column] ?? empty,
    upper: series.upper[column] ?? empty,
    score: series.score,
    row: series.index,
  };
}

export function valuePlotData(data: ChartData): AlignedData {
  return [data.seconds, data.lower, data.upper, data.expected, data.value];
}

export function scorePlotData(data: ChartData): AlignedData {
  return [data.seconds, data.score];
}

export function extentOf(data: ChartData): Range {
  return { from: data.seconds[0] ?? 0, until: data.seconds.at(-1) ?? 1 };
}

const narrowestSeconds = 1;

function inside(range: Range, whole: Range): Range {
  const width = Math.min(Math.max(range.until - range.from, narrowestSeconds), whole.until - whole.from);
  const from = Math.min(Math.max(range.from, whole.from), whole.until - width);
  return { from, until: from + width };
}

/** The range seen after zooming by a factor (above 1: wider); null once it is the whole. */
export function zoom(range: Range, whole: Range, factor: number): Range | null {
  const middle = (range.from + range.until) / 2;
  const half = ((range.until - range.from) / 2) * factor;
  const next = inside({ from: middle - half, until: middle + half }, whole);
  return next.until - next.from >= (whole.until - whole.from) * 0.999 ? null : next;
}

/** The range seen after moving by a share of its width. */
export function pan(range: Range, whole: Range, share: number): Range {
  const shift = (range.until - range.from) * share;
  return inside({ from: range.from + shift, until: range.until + shift }, whole);
}

/** A range of the same width, or narrower where that shows more, around a moment that would otherwise lie outside. */
export function around(range: Range, whole: Range, moment: number): Range {
  if (moment >= range.from && moment <= range.until) return range;
  const half = (range.until - range.from) / 2;
  return inside({ from: moment - half, until: moment + half }, whole);
}

/** The range that an address names; null where it names none or makes no sense. */
export function rangeOf(from: string | undefined, until: string | undefined): Range | null {
  if (from === undefined || until === undefined) return null;
  const range = { from: Date.parse(from) / 1000, until: Date.parse(until) / 1000 };
  return range.until > range.from ? range : null;
}

export function isoOf(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString();
}
