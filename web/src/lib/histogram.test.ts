import { describe, expect, it } from 'vitest';

import { barHeight, barsOf, edgeScale, isSqueezed, linearScale, partsOf, spacedTicks, ticks } from '@/lib/histogram';

describe('linearScale', () => {
  it('goes there and back', () => {
    const scale = linearScale(-2, 6, 400);
    expect(scale.toPosition(2)).toBe(200);
    expect(scale.toValue(scale.toPosition(3.3))).toBeCloseTo(3.3);
  });

  it('survives scores that are all the same', () => {
    expect(Number.isFinite(linearScale(4, 4, 100).toPosition(4))).toBe(true);
  });
});

describe('edgeScale', () => {
  const scale = edgeScale([0, 1, 3, 103], 300);

  it('gives every bin the same width, there and back', () => {
    expect([0, 1, 3, 103].map((value) => scale.toPosition(value))).toEqual([0, 100, 200, 300]);
    expect(scale.toPosition(2)).toBe(150);
    expect(scale.toValue(250)).toBe(53);
    for (const value of [-0.5, 0.2, 2.9, 60, 110]) expect(scale.toValue(scale.toPosition(value))).toBeCloseTo(value);
  });

  it('survives scores that are all the same', () => {
    expect(edgeScale([4, 4], 100).toPosition(4)).toBe(0);
    expect(edgeScale([], 100).toValue(50)).toBe(0);
  });

  it('has round ticks that keep apart', () => {
    const shown = spacedTicks(scale, 300, 70);
    expect(shown[0]).toBe(0);
    expect(shown.every((value, place) => place === 0 || scale.toPosition(value) - scale.toPosition(shown[place - 1] ?? 0) >= 40)).toBe(true);
    expect(shown.length).toBeGreaterThan(2);
  });
});

it('isSqueezed sees a far outlier', () => {
  expect(isSqueezed([100, 2, 1, 0], [1, 10, 60, 100])).toBe(true);
  expect(isSqueezed([4, 2, 1, 0], [1, 10, 60, 100])).toBe(false);
  expect(isSqueezed([], [])).toBe(false);
  expect(isSqueezed([3, 3], [1, 2])).toBe(false);
});

describe('barHeight', () => {
  it('keeps one row visible beside a million', () => {
    expect(barHeight(1, 1_000_000, 200, false)).toBe(1.5);
    expect(barHeight(1, 1_000_000, 200, true)).toBeGreaterThan(9);
    expect(barHeight(0, 10, 200, true)).toBe(0);
    expect(barHeight(10, 10, 200, true)).toBe(200);
  });
});

describe('barsOf', () => {
  it('makes a bar per bin, side by side', () => {
    const bars = barsOf([0, 1, 2], [4, 2], linearScale(0, 2, 100), 50, false);
    expect(bars.map((bar) => [bar.x, bar.width, bar.height])).toEqual([[0, 50, 50], [50, 50, 25]]);
  });
});

describe('ticks', () => {
  it('are round and inside', () => {
    expect(ticks(0, 20, 4)).toEqual([0, 5, 10, 15, 20]);
    expect(ticks(0.31, 0.72, 4)).toEqual([0.4, 0.6]);
    expect(ticks(3, 3, 4)).toEqual([3]);
  });
});

describe('partsOf', () => {
  const bar = { x: 10, width: 21, height: 5, from: 0, to: 1, count: 3 };

  it('cuts the bar that the threshold lies in', () => {
    expect(partsOf(bar, 15.5)).toEqual([
      { x: 10.5, width: 5, flagged: false },
      { x: 15.5, width: 15, flagged: true },
    ]);
  });

  it('leaves the others whole', () => {
    expect(partsOf(bar, 40)).toEqual([{ x: 10.5, width: 20, flagged: false }]);
    expect(partsOf(bar, 3)).toEqual([{ x: 10.5, width: 20, flagged: true }]);
  });
});
