/** What the overview says of the lanes, and where a place in a lane leads. */

import type { Bucket, Lane } from '@/api/overview';
import type { Severity } from '@/api/detections';
import { formatDataTimeShort, plural } from '@/lib/format';
import { severities } from '@/lib/severity';

const order = new Map<Severity | null, number>([...severities.map((severity, place): [Severity, number] => [severity, place]), [null, severities.length]]);

function place(severity: Severity | null): number {
  return order.get(severity) ?? severities.length;
}

/** Lanes in which somebody has to look come first, the worst before the others. */
export function inOrder(lanes: Lane[]): Lane[] {
  return lanes.toSorted(
    (left, right) =>
      Number(right.n_unreviewed > 0) - Number(left.n_unreviewed > 0) ||
      place(left.worst_severity) - place(right.worst_severity) ||
      right.n_unreviewed - left.n_unreviewed,
  );
}

/** The answer to "is anything wrong?" in one sentence. */
export function verdictOf(lanes: Lane[]): string {
  const found = lanes.reduce((sum, lane) => sum + lane.n_anomalies, 0);
  if (found === 0) return 'Nothing was flagged in any dataset.';
  const open = inOrder(lanes).filter((lane) => lane.n_unreviewed > 0);
  const [worst] = open;
  if (worst === undefined) return 'Everything that was flagged has been reviewed.';
  const unreviewed = open.reduce((sum, lane) => sum + lane.n_unreviewed, 0);
  const where = open.length === 1 ? `in ${worst.dataset.name}` : `in ${plural(open.length, 'dataset')}`;
  const severity = worst.worst_severity === null ? '' : `; the worst ${unreviewed === 1 ? 'is' : 'are'} ${worst.worst_severity}`;
  return `${plural(unreviewed, 'anomaly', 'anomalies')} ${unreviewed === 1 ? 'waits' : 'wait'} for a look ${where}${severity}.`;
}

export function wordsOf(bucket: Bucket): string {
  const when = `${formatDataTimeShort(bucket.start)} to ${formatDataTimeShort(bucket.end)}`;
  return bucket.n === 0 ? `${when}: nothing flagged` : `${when}: ${plural(bucket.n, 'anomaly', 'anomalies')}, worst ${bucket.severity ?? 'unknown'}`;
}

/** The part of the series around a bucket, with as much again on either side to see what is usual there. */
export function rangeAround(bucket: Bucket): { from: string; until: string } {
  const [start, end] = [Date.parse(bucket.start), Date.parse(bucket.end)];
  const width = Math.max(end - start, 1000);
  return { from: new Date(start - width).toISOString(), until: new Date(end + width).toISOString() };
}

/** The next bucket with anomalies in a direction, or where one is. */
export function nextFlagged(buckets: Bucket[], from: number, step: 1 | -1): number {
  for (let index = from + step; index >= 0 && index < buckets.length; index += step) {
    if ((buckets[index]?.n ?? 0) > 0) return index;
  }
  return from;
}

/** The bucket to begin with: the first of the worst. */
export function worstBucket(buckets: Bucket[]): number {
  let best = 0;
  buckets.forEach((bucket, index) => {
    if (bucket.n > 0 && (place(bucket.severity) < place(buckets[best]?.severity ?? null) || (buckets[best]?.n ?? 0) === 0)) best = index;
  });
  return best;
}
