import { expect, it } from 'vitest';

import type { Scatter } from '@/api/detections';
import { flaggedAt, frameOf } from '@/features/result/scatterPlot';

const data: Scatter = {
  x: { name: 'a', values: [0, 10, 5, null] }, y: { name: 'b', values: [0, 100, 50, 3] },
  score: [1, 9, 1, 9], prediction: [0, 1, 0, 1], index: [7, 8, 9, 10], n_total: 4,
};

it('finds the anomaly under the pointer, and no normal row', () => {
  const frame = frameOf(data, 400, 300);
  const at = (place: number) => [frame.x.toPosition(data.x.values[place] ?? 0), frame.y.toPosition(data.y.values[place] ?? 0)] as const;
  const [left, top] = at(1);
  expect(flaggedAt(data, frame, left + 5, top - 5)).toBe(8);
  expect(flaggedAt(data, frame, ...at(0))).toBeNull();
  expect(frame.y.toPosition(100)).toBeLessThan(frame.y.toPosition(0));
  expect(frame.x.toValue(left)).toBeCloseTo(10);
});

it('draws a column of one value, and one of none', () => {
  const flat = frameOf({ ...data, x: { name: 'a', values: [3, 3] }, y: { name: 'b', values: [null, null] } }, 400, 300);
  expect(Number.isFinite(flat.x.toPosition(3))).toBe(true);
  expect(Number.isFinite(flat.y.toPosition(0))).toBe(true);
});
