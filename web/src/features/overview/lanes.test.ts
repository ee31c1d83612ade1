import { describe, expect, it } from 'vitest';

import type { Severity } from '@/api/detections';
import type { Bucket, Lane } from '@/api/overview';
import { inOrder, nextFlagged, rangeAround, verdictOf, wordsOf, worstBucket } from '@/features/overview/lanes';

const lane = (name: string, anomalies: number, unreviewed: number, worst: Severity | null) =>
  ({ detection_id: name, name, dataset: { id: name, name, kind: 'series' }, n_anomalies: anomalies, n_unreviewed: unreviewed, worst_severity: worst, start: null, end: null, buckets: [] }) as Lane;
const bucket = (n: number, severity: Severity | null): Bucket => ({ start: '2026-01-01T00:00:00Z', end: '2026-01-01T01:00:00Z', n, severity });

describe('the answer to whether anything is wrong', () => {
  it('names what waits, where and how bad', () => {
    expect(verdictOf([lane('pump', 12, 3, 'critical'), lane('fan', 5, 1, 'low')])).toBe('4 anomalies wait for a look in 2 datasets; the worst are critical.');
    expect(verdictOf([lane('pump', 12, 1, 'high'), lane('fan', 5, 0, 'critical')])).toBe('1 anomaly waits for a look in pump; the worst is high.');
  });

  it('is calm where nothing waits', () => {
    expect(verdictOf([lane('pump', 12, 0, 'critical')])).toBe('Everything that was flagged has been reviewed.');
    expect(verdictOf([lane('pump', 0, 0, null)])).toBe('Nothing was flagged in any dataset.');
  });
});

it('lanes in which somebody has to look come first', () => {
  const lanes = [lane('done', 9, 0, 'critical'), lane('calm', 0, 0, null), lane('low', 3, 3, 'low'), lane('bad', 1, 1, 'critical')];
  expect(inOrder(lanes).map(({ name }) => name)).toEqual(['bad', 'low', 'done', 'calm']);
});

describe('a lane', () => {
  const buckets = [bucket(0, null), bucket(2, 'low'), bucket(0, null), bucket(1, 'critical'), bucket(4, 'critical')];

  it('is walked from one flagged part to the next', () => {
    expect(worstBucket(buckets)).toBe(3);
    expect(nextFlagged(buckets, 3, -1)).toBe(1);
    expect(nextFlagged(buckets, 1, -1)).toBe(1);
    expect(nextFlagged(buckets, 1, 1)).toBe(3);
    expect(worstBucket([bucket(0, null)])).toBe(0);
  });

  it('leads to its part with as much around', () => {
    expect(rangeAround(bucket(1, 'low'))).toEqual({ from: '2025-12-31T23:00:00.000Z', until: '2026-01-01T02:00:00.000Z' });
    expect(wordsOf(bucket(1, 'low'))).toBe('1 Jan 2026, 00:00 to 1 Jan 2026, 01:00: 1 anomaly, worst low');
    expect(wordsOf(bucket(0, null))).toContain('nothing flagged');
  });
});
