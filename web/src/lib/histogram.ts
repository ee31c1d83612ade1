/** Geometry of the score histogram. */

export interface Bar {
  x: number;
  width: number;
  height: number;
  from: number;
  to: number;
  count: number;
}

export interface Scale {
  toPosition: (value: number) => number;
  toValue: (position: number) => number;
}

export function linearScale(low: number, high: number, size: number): Scale {
  const span = high > low ? high - low : 1;
  return {
    toPosition: (value) => ((value - low) / span) * size,
    toValue: (position) => low + (position / size) * span,
  };
}

/** The height of a count; on the logarithmic option one row is still seen beside a million. */
export function barHeight(count: number, highest: number, size: number, logarithmic: boolean): number {
  if (count <= 0 || highest <= 0) return 0;
  const share = logarithmic ? Math.log1p(count) / Math.log1p(highest) : count / highest;
  return Math.max(share * size, 1.5);
}

export function barsOf(edges: number[], counts: number[], scale: Scale, height: number, logarithmic: boolean): Bar[] {
  const highest = Math.max(0, ...counts);
  return counts.map((count, position) => {
    const from = edges[position] ?? 0;
    const to = edges[position + 1] ?? from;
    const x = scale.toPosition(from);
    return { x, width: Math.max(scale.toPosition(to) - x, 0), height: barHeight(count, highest, height, logarithmic), from, to, count };
  });
}

export interface Part {
  x: number;
  width: number;
  flagged: boolean;
}

/** A bar as it is drawn: whole, or in two parts where the threshold lies within it. */
export function partsOf(bar: Bar, threshold: number): Part[] {
  const start = bar.x + 0.5;
  const end = start + Math.max(bar.width - 1, 0.5);
  const cut = Math.min(Math.max(threshold, start), end);
  const parts = [
    { x: start, width: cut - start, flagged: false },
    { x: cut, width: end - cut, flagged: true },
  ];
  return parts.filter((part) => part.width > 0);
}

/** About `wanted` round numbers from `low` to `high`. */
export function ticks(low: number, high: number, wanted: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const found: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index += 1) found.push(index * step);
  return found.map((value) => Number(value.toPrecision(12)));
}
