import { describe, expect, it } from 'vitest';

import { around, chartData, extentOf, isoOf, pan, rangeOf, zoom } from '@/features/result/chartData';

const whole = { from: 0, until: 1000 };

describe('zoom and pan', () => {
  it('stay inside the series', () => {
    expect(zoom({ from: 0, until: 100 }, whole, 2)).toEqual({ from: 0, until: 200 });
    expect(pan({ from: 900, until: 1000 }, whole, 0.5)).toEqual({ from: 900, until: 1000 });
    expect(pan({ from: 100, until: 200 }, whole, -0.5)).toEqual({ from: 50, until: 150 });
  });

  it('give the whole series back when all of it is seen', () => {
    expect(zoom({ from: 100, until: 800 }, whole, 2)).toBeNull();
  });

  it('move to a moment outside, and keep still for one inside', () => {
    expect(around({ from: 0, until: 100 }, whole, 500)).toEqual({ from: 450, until: 550 });
    expect(around({ from: 0, until: 100 }, whole, 50)).toEqual({ from: 0, until: 100 });
  });
});

describe('rangeOf', () => {
  it('reads what isoOf wrote', () => {
    expect(rangeOf(isoOf(1_400_000_000.5), isoOf(1_400_000_100))).toEqual({ from: 1_400_000_000.5, until: 1_400_000_100 });
  });

  it.each([[undefined, undefined], ['x', 'y'], ['2020-01-02T00:00:00Z', '2020-01-01T00:00:00Z']])('refuses %s to %s', (from, until) => {
    expect(rangeOf(from, until)).toBeNull();
  });
});

it('chartData keeps gaps and fills what is absent with gaps', () => {
  const data = chartData(
    {
      time: ['2020-01-01T00:00:00Z', '2020-01-01T00:01:00Z'], value: { v: [1, null] }, expected: {}, lower: {}, upper: {},
      score: [0.5, null], prediction: [0, 0], index: [0, -1], score_cutoff: 1, n_total: 2,
    },
    'v',
  );
  expect(data.value).toEqual([1, null]);
  expect(data.expected).toEqual([null, null]);
  expect(extentOf(data).until - extentOf(data).from).toBe(60);
});
