/** Where a value lies among the values of its column. */

import type { Cell, ColumnProfile } from '@/api/datasets';
import { formatCount, formatPercent, plural } from '@/lib/format';

/** A value as a place on a line: numbers, and moments as milliseconds. */
export function numberOf(value: Cell | undefined): number | null {
  if (typeof value === 'number') return value;
  const moment = typeof value === 'string' && /^\d{4}-\d\d/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(moment) ? null : moment;
}

/** The edges of a column's histogram as numbers; null where it has none. */
export function edgesOf({ histogram }: ColumnProfile): number[] | null {
  return histogram === null ? null : histogram.edges.map((edge) => numberOf(edge) ?? 0);
}

/** From 0 at the least value of a histogram to 1 at its greatest. */
export function shareAlong(edges: number[], value: number): number {
  const low = edges[0] ?? 0;
  const high = edges.at(-1) ?? 1;
  if (!(high > low)) return 0.5;
  return Math.min(Math.max((value - low) / (high - low), 0), 1);
}

/** About which share of the values lies below, from the histogram's bars. */
export function shareBelow(edges: number[], counts: number[], value: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let below = 0;
  counts.forEach((count, position) => {
    const from = edges[position] ?? 0;
    const to = edges[position + 1] ?? from;
    if (value >= to) below += count;
    else if (value > from) below += count * ((value - from) / (to - from));
  });
  return below / total;
}

const edge = 0.001;

/** The place of a value in words, which stand for the drawing where it cannot be seen. */
export function placeInWords(column: ColumnProfile, nRows: number, value: Cell): string {
  if (value === null) return `Missing here; ${plural(column.n_missing, 'row')} of ${formatCount(nRows)} have no value.`;
  const edges = edgesOf(column);
  const number = numberOf(value);
  if (edges !== null && number !== null) {
    const below = shareBelow(edges, column.histogram?.counts ?? [], number);
    if (number >= (numberOf(column.maximum) ?? Infinity)) return 'The highest value of the column.';
    if (number <= (numberOf(column.minimum) ?? -Infinity)) return 'The lowest value of the column.';
    if (below > 1 - edge) return 'Higher than more than 99.9 % of the rows.';
    if (below < edge) return 'Lower than more than 99.9 % of the rows.';
    if (below >= 0.5) return `Higher than about ${formatPercent(roundShare(below))} of the rows.`;
    return `Lower than about ${formatPercent(roundShare(1 - below))} of the rows.`;
  }
  const known = column.most_frequent.find(([frequent]) => String(frequent) === String(value));
  if (known !== undefined) return `${formatCount(known[1])} of ${plural(nRows, 'row')} ${known[1] === 1 ? 'has' : 'have'} this value.`;
  return column.most_frequent.length === 0 ? '' : 'Rarer than the most frequent values of the column.';
}

/** As fine as a histogram allows: whole per cents, and tenths near the ends. */
function roundShare(share: number): number {
  return share > 0.99 ? Math.floor(share * 1000) / 1000 : Math.round(share * 100) / 100;
}
