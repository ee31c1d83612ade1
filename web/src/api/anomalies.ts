import { request } from '@/api/client';
import type { Cell } from '@/api/datasets';
import type { Anomaly, Series, Severity } from '@/api/detections';
import type { Feedback, Verdict } from '@/api/feedback';

/** A row of the data as it was judged; one below the threshold has no rank and no severity. */
export interface JudgedRow extends Omit<Anomaly, 'rank' | 'severity' | 'feedback'> {
  severity: Severity | null;
}

export interface SimilarAnomaly {
  index: number;
  rank: number;
  score: number;
  severity: Severity;
  time: string | null;
  verdict: Verdict | null;
  distance: number;
}

export interface NormalRow {
  index: number;
  values: Record<string, Cell>;
  score: number;
  time: string | null;
}

/** One anomaly with all that helps to judge it. */
export interface AnomalyStory {
  anomaly: JudgedRow;
  rank: number | null;
  n_anomalies: number;
  feedback: Feedback | null;
  /** Newest first. */
  history: Feedback[];
  /** The rows before and after by rank. */
  previous: number | null;
  next: number | null;
  similar: SimilarAnomaly[];
  neighbours: NormalRow[];
  /** The rows around it, where they were judged as a series. */
  window: Series | null;
}

export function getAnomaly(detectionId: string, row: number, signal?: AbortSignal): Promise<AnomalyStory> {
  return request(`/detections/${encodeURIComponent(detectionId)}/anomalies/${row}`, { signal });
}
