import { request } from '@/api/client';
import type { DataKind } from '@/api/datasets';
import type { Priority, Severity, Status } from '@/api/detections';

export interface Job {
  id: string;
  kind: 'detection' | 'training';
  status: Status;
  progress: { fraction: number; stage: string };
  priority: Priority;
  /** What it works on: a detection, or a model. */
  subject?: { id: string; name: string } | null;
  created_at: string;
}

export interface Bucket {
  start: string;
  end: string;
  n: number;
  severity: Severity | null;
}

/** What the newest finished detection in one dataset found. */
export interface Lane {
  detection_id: string;
  name: string;
  dataset: { id: string; name: string; kind: DataKind };
  n_anomalies: number;
  n_unreviewed: number;
  worst_severity: Severity | null;
  start: string | null;
  end: string | null;
  /** Equal parts of the time, for a series. */
  buckets: Bucket[];
}

export interface Overview {
  counts: { datasets: number; detections: number; models: number; unreviewed: number };
  running: Job[];
  lanes: Lane[];
}

export function getOverview(signal?: AbortSignal): Promise<Overview> {
  return request('/overview', { signal });
}

export function cancelJob(id: string): Promise<Job> {
  return request(`/jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' });
}
