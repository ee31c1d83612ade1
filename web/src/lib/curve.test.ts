import { describe, expect, it } from 'vitest';

import { consequenceOf, noneCutoff, qualityOf, stepCutoff } from '@/lib/curve';

const curve = { score: [9, 7, 5, 3, 1], n_anomalies: [1, 2, 3, 13, 103], p_value: [0.01, 0.02, 0.03, 0.13, 1] };

describe('consequenceOf', () => {
  it('counts the rows at or above a cutoff exactly where the curve names each', () => {
    expect(consequenceOf(curve, 7)).toEqual({ anomalies: 2, pValue: 0.02, exact: true });
    expect(consequenceOf(curve, 6)).toEqual({ anomalies: 2, pValue: 0.02, exact: true });
  });

  it('finds nothing above the highest score', () => {
    expect(consequenceOf(curve, 9.5).anomalies).toBe(0);
    expect(consequenceOf(curve, noneCutoff(curve)).anomalies).toBe(0);
  });

  it('estimates between two points that were thinned out, and says so', () => {
    const between = consequenceOf(curve, 4);
    expect(between.exact).toBe(false);
    expect(between.anomalies).toBeGreaterThan(3);
    expect(between.anomalies).toBeLessThan(13);
    expect(between.pValue).toBeCloseTo(0.08);
  });

  it('takes every row below the lowest score', () => {
    expect(consequenceOf(curve, -2).anomalies).toBe(103);
  });

  it('does without p-values and without rows', () => {
    expect(consequenceOf({ ...curve, p_value: null }, 5).pValue).toBeNull();
    expect(consequenceOf({ score: [], n_anomalies: [], p_value: [] }, 5)).toEqual({ anomalies: 0, pValue: null, exact: true });
  });
});

describe('stepCutoff', () => {
  it('goes from point to point, stricter upwards', () => {
    expect(stepCutoff(curve, 5, 1)).toBe(7);
    expect(stepCutoff(curve, 5, -1)).toBe(3);
  });

  it('goes from between two points to the next one', () => {
    expect(stepCutoff(curve, 6, 1)).toBe(7);
    expect(stepCutoff(curve, 6, -1)).toBe(5);
  });

  it('ends above the highest score and at the lowest', () => {
    expect(stepCutoff(curve, 9, 1)).toBeGreaterThan(9);
    expect(stepCutoff(curve, 1, -10)).toBe(1);
    expect(stepCutoff(curve, noneCutoff(curve), -1)).toBe(9);
  });
});

it('qualityOf reads precision and recall where the data have labels', () => {
  const labelled = { ...curve, precision: [1, 1, 0.67, 0.2, 0.04], recall: [0.25, 0.5, 0.5, 0.75, 1] };
  expect(qualityOf(labelled, 6)).toEqual({ precision: 1, recall: 0.5 });
  expect(qualityOf(labelled, 10)).toBeNull();
  expect(qualityOf(curve, 6)).toBeNull();
});
