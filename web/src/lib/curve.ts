/** Reads the cutoff curve: what each place of the threshold would mean, without asking the server. */

import type { Curve } from '@/api/detections';

export interface Consequence {
  anomalies: number;
  pValue: number | null;
  /** False where the curve was thinned out and the count lies between two of its points. */
  exact: boolean;
}

/** How many of the curve's points (descending) lie at or above a cutoff. */
function reached(score: number[], cutoff: number): number {
  let low = 0;
  let high = score.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((score[middle] ?? -Infinity) >= cutoff) low = middle + 1;
    else high = middle;
  }
  return low;
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

export function consequenceOf(curve: Curve, cutoff: number): Consequence {
  const count = reached(curve.score, cutoff);
  if (count === 0) return { anomalies: 0, pValue: curve.p_value?.[0] ?? null, exact: true };
  const above = count - 1;
  const anomalies = curve.n_anomalies[above] ?? 0;
  const pValue = curve.p_value?.[above] ?? null;
  const scoreAbove = curve.score[above] ?? cutoff;
  const scoreBelow = curve.score[count];
  const next = curve.n_anomalies[count];
  if (scoreBelow === undefined || next === undefined || next - anomalies <= 1 || scoreAbove === cutoff) {
    return { anomalies, pValue, exact: true };
  }
  const share = (scoreAbove - cutoff) / (scoreAbove - scoreBelow);
  const nextP = curve.p_value?.[count] ?? null;
  return {
    anomalies: Math.round(between(anomalies, next - 1, share)),
    pValue: pValue === null || nextP === null ? pValue : between(pValue, nextP, share),
    exact: false,
  };
}

/** What share of the flagged rows is labelled an anomaly, and what share of the labelled ones is flagged; null without labels. */
export function qualityOf(curve: Curve, cutoff: number): { precision: number; recall: number } | null {
  const above = reached(curve.score, cutoff) - 1;
  const precision = curve.precision?.[above];
  const recall = curve.recall?.[above];
  return typeof precision === 'number' && typeof recall === 'number' ? { precision, recall } : null;
}

/** The cutoff `steps` points of the curve away: positive steps make it stricter. */
export function stepCutoff(curve: Curve, cutoff: number, steps: number): number {
  const { score } = curve;
  if (score.length === 0) return cutoff;
  const count = reached(score, cutoff);
  const onPoint = count > 0 && score[count - 1] === cutoff;
  const position = steps > 0 ? (onPoint ? count - 1 : count) - steps : count - 1 - steps;
  if (position < 0) return noneCutoff(curve);
  return score[Math.min(position, score.length - 1)] ?? cutoff;
}

/** A cutoff just above the highest score: nothing is an anomaly. */
export function noneCutoff(curve: Curve): number {
  const [highest = 0] = curve.score;
  const lowest = curve.score.at(-1) ?? 0;
  return highest + Math.max((highest - lowest) * 0.02, Number.EPSILON * Math.max(1, Math.abs(highest)) * 4);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
