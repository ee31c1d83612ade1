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

/** A scale on which every bin is equally wide, whatever its edges are: fine bins spread out where most scores lie. */
export function edgeScale(edges: number[], size: number): Scale {
  const bins = Math.max(edges.length - 1, 1);
  const step = size / bins;
  return {
    toPosition: (value) => {
      const first = edges[0] ?? 0;
      const last = edges[bins] ?? first;
      // Beyond its ends the scale goes on as it is in the outermost bins.
      const next = edges[1] ?? last;
      const before = edges[bins - 1] ?? first;
      if (value <= first) return next > first ? ((value - first) / (next - first)) * step : 0;
      if (value >= last) return last > before ? size + ((value - last) / (last - before)) * step : size;
      let low = 0;
      let high = bins;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if ((edges[middle] ?? Infinity) <= value) low = middle;
        else high = middle;
      }
      const from = edges[low] ?? first;
      const to = edges[low + 1] ?? from;
      return (low + (to > from ? (value - from) / (to - from) : 0)) * step;
    },
    toValue: (position) => {
      const place = position / step;
      const bin = Math.min(Math.max(Math.floor(place), 0), bins - 1);
      const from = edges[bin] ?? 0;
      const to = edges[bin + 1] ?? from;
      return from + (place - bin) * (to - from);
    },
  };
}

/** Round numbers that do not stand in each other's way on a scale that is not even. */
export function spacedTicks(scale: Scale, size: number, gap: number): number[] {
  const found: number[] = [];
  let taken = -Infinity;
  for (let position = 0; position <= size; position += gap) {
    const value = roundBetween(scale.toValue(Math.max(position - gap / 3, 0)), scale.toValue(Math.min(position + gap / 3, size)));
    const place = scale.toPosition(value);
    if (place >= 0 && place <= size && place - taken >= gap * 0.6) {
      found.push(value);
      taken = place;
    }
  }
  return found;
}

/** The roundest number from `low` to `high`. */
function roundBetween(low: number, high: number): number {
  if (low <= 0 && high >= 0) return 0;
  const middle = (low + high) / 2;
  for (let digits = 1; digits < 12; digits += 1) {
    const round = Number(middle.toPrecision(digits));
    if (round >= low && round <= high) return round;
  }
  return middle;
}

/** Whether a few far scores would squeeze all the others into a corner of an even axis. */
export function isSqueezed(scores: number[], counts: number[]): boolean {
  const highest = scores[0];
  const lowest = scores.at(-1);
  const all = counts.at(-1);
  if (highest === undefined || lowest === undefined || all === undefined) return false;
  const position = counts.findIndex((count) => count >= all / 2);
  const median = scores[position] ?? lowest;
  return highest - lowest > 12 * Math.max(median - lowest, 0);
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
