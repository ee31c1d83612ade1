import { describe, expect, it } from 'vitest';

import { bandPath, linePath, nearest, runs, timeTicks, valueRange } from '@/features/anomaly/windowData';
import { linearScale } from '@/lib/histogram';

const same = linearScale(0, 100, 100);

describe('lines', () => {
  it('break at gaps', () => {
    expect(runs([1, 2, null, 3, null])).toEqual([[0, 1], [3]]);
    expect(linePath([0, 10, 20, 30], [1, 2, null, 3], same, same)).toBe('M0.0 1.0L10.0 2.0M30.0 3.0h0.1');
  });

  it('have a band only where both ends are known', () => {
    expect(bandPath([0, 10, 20], [1, 1, null], [5, 5, 5], same, same)).toBe('M0.0 5.0L10.0 5.0L10.0 1.0L0.0 1.0Z');
    expect(bandPath([0], [null], [null], same, same)).toBe('');
  });

  it('get air above and below', () => {
    expect(valueRange([[0, 100], [null, 50]])).toEqual({ low: -8, high: 108 });
    expect(valueRange([[null]])).toEqual({ low: 0, high: 1 });
    expect(valueRange([[5, 5]])).toEqual({ low: 4.5, high: 5.5 });
  });
});

describe('ticks of time', () => {
  it('are round and name the day at midnight', () => {
    const from = Date.UTC(2015, 0, 1, 18) / 1000;
    expect(timeTicks(from, from + 43_200, 4).map((tick) => tick.label)).toEqual(['18:00', '21:00', '2 Jan', '03:00', '06:00']);
    expect(timeTicks(from, from + 864_000, 5).map((tick) => tick.label)).toEqual(['3 Jan', '5 Jan', '7 Jan', '9 Jan', '11 Jan']);
    expect(timeTicks(from, from, 5)).toEqual([]);
  });
});

it('nearest finds the closest moment', () => {
  expect([nearest([0, 10, 20], 14), nearest([0, 10, 20], 99), nearest([], 3)]).toEqual([1, 2, 0]);
});
