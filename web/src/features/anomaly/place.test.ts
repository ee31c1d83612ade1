import { describe, expect, it } from 'vitest';

import type { ColumnProfile } from '@/api/datasets';
import { placeInWords, shareAlong, shareBelow } from '@/features/anomaly/place';

const column = (change: Partial<ColumnProfile>): ColumnProfile => ({
  name: 'a', type: 'number', role: 'feature', n_missing: 0, n_distinct: null, more_distinct: true, mean: 5, standard_deviation: 1, minimum: 0, median: 5, maximum: 10, most_frequent: [], histogram: { edges: [0, 5, 10], counts: [900, 100] }, ...change,
});

describe('the place of a value', () => {
  it('runs from the least to the greatest', () => {
    expect([shareAlong([0, 5, 10], -3), shareAlong([0, 5, 10], 2.5), shareAlong([0, 5, 10], 99), shareAlong([4, 4], 4)]).toEqual([0, 0.25, 1, 0.5]);
  });

  it('counts what lies below, within a bar too', () => {
    expect(shareBelow([0, 5, 10], [900, 100], 5)).toBeCloseTo(0.9);
    expect(shareBelow([0, 5, 10], [900, 100], 7.5)).toBeCloseTo(0.95);
    expect(shareBelow([0, 1], [0], 1)).toBe(0);
  });

  it('is told in words', () => {
    expect(placeInWords(column({}), 1000, 7.5)).toBe('Higher than about 95 % of the rows.');
    expect(placeInWords(column({}), 1000, 1)).toBe('Lower than about 82 % of the rows.');
    expect(placeInWords(column({}), 1000, 10)).toBe('The highest value of the column.');
    expect(placeInWords(column({}), 1000, 9.99)).toBe('Higher than more than 99.9 % of the rows.');
    expect(placeInWords(column({ n_missing: 1 }), 1000, null)).toBe('Missing here; 1 row of 1,000 have no value.');
    const days = column({ minimum: '2026-01-01T00:00:00Z', maximum: '2026-01-11T00:00:00Z', histogram: { edges: ['2026-01-01T00:00:00Z', '2026-01-11T00:00:00Z'], counts: [10] } });
    expect(placeInWords(days, 10, '2026-01-02T00:00:00Z')).toBe('Lower than about 90 % of the rows.');
    const words = column({ type: 'category', histogram: null, most_frequent: [['day', 1]] });
    expect(placeInWords(words, 400, 'day')).toBe('1 of 400 rows has this value.');
    expect(placeInWords(words, 400, 'night')).toBe('Rarer than the most frequent values of the column.');
  });
});
