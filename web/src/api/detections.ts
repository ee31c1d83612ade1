import { request } from '@/api/client';
import type { Cell, DataKind, Page } from '@/api/datasets';
import type { Feedback } from '@/api/feedback';
import { download } from '@/api/transfer';

export type Status = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
export type Severity = 'low' | 'medium' | 'high' | 'critical';
export type ThresholdKind = 'p_value' | 'fdr' | 'score' | 'contamination' | 'alert_rate';
export type ParameterValue = string | number | boolean | null | ParameterValue[] | { [name: string]: ParameterValue };
export type Priority = 'high' | 'normal' | 'low';

export interface Threshold {
  kind: ThresholdKind;
  value: number;
  score_cutoff: number | null;
}

export interface Summary {
  n_rows: number;
  n_anomalies: number;
  threshold: Threshold;
  /** Where the line stood when nobody had moved it. */
  default_threshold?: { kind: ThresholdKind; value: number } | null;
  severities: Record<Severity, number>;
}

export interface Detection {
  id: string;
  name: string;
  dataset: { id: string; name: string; kind: DataKind };
  algorithm: string;
  parameters: Record<string, ParameterValue>;
  columns: string[] | null;
  time_column: string | null;
  priority: Priority;
  /** The stored model that judged; null where the detection learned from the data themselves. */
  model: { id: string; version_id: string; name: string; version: number } | null;
  status: Status;
  progress: { fraction: number; stage: string } | null;
  error: { code: string; message: string; hint: string | null } | null;
  summary: Summary | null;
  job_id: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface Contribution {
  feature: string;
  value: Cell;
  contribution: number;
  typical: Cell;
}

export interface Explanation {
  method: string;
  contributions: Contribution[];
  sentence: string;
  counterfactual: Record<string, Cell> | null;
}

export interface Anomaly {
  rank: number;
  index: number;
  row_id: string | null;
  time: string | null;
  entity: string | null;
  score: number;
  p_value: number | null;
  confidence: number | null;
  severity: Severity;
  values: Record<string, Cell>;
  explanation: Explanation | null;
  feedback: Feedback | null;
}

export interface AnomalyPage extends Page<Anomaly> {
  total: number;
  /** How many fit the filter. */
  n_matching: number;
}

export interface AnomalyFilter {
  min_severity?: string | undefined;
  verdict?: string | undefined;
}

export type Line = (number | null)[];

export interface Series {
  time: string[];
  value: Record<string, Line>;
  expected: Record<string, Line>;
  lower: Record<string, Line>;
  upper: Record<string, Line>;
  score: Line;
  prediction: (0 | 1)[];
  /** The row in the data; -1 for a gap. */
  index: number[];
  score_cutoff: number | null;
  n_total: number;
}

export interface Curve {
  score: number[];
  n_anomalies: number[];
  p_value: (number | null)[] | null;
  /** Where the data have a label column. */
  precision?: (number | null)[] | null;
  recall?: (number | null)[] | null;
}

export interface Distribution {
  edges: number[];
  counts: number[];
  score_cutoff: number | null;
  curve: Curve;
}

export interface ResultDocument {
  /** How the rows were judged, which need not be what the data set was taken for. */
  kind: DataKind;
  metadata: { warnings?: string[]; fit_seconds?: number; score_seconds?: number; [name: string]: unknown };
}

export interface NewDetection {
  dataset_id: string;
  algorithm?: string | null;
  parameters?: Record<string, ParameterValue>;
  columns?: string[] | null;
  time_column?: string | null;
  threshold?: { kind: ThresholdKind; value: number } | null;
  name?: string | null;
  priority?: Priority;
  model_id?: string;
  model_version?: number;
}

export interface Scatter {
  x: { name: string; values: (number | null)[] };
  y: { name: string; values: (number | null)[] };
  score: (number | null)[];
  prediction: (0 | 1)[];
  index: number[];
  n_total: number;
}

export interface Importance {
  items: { feature: string; share: number }[];
  n_anomalies: number;
}

export interface DetectionFilter {
  dataset_id?: string | undefined;
  status?: string | undefined;
  algorithm?: string | undefined;
  model_id?: string | undefined;
  q?: string | undefined;
}

const path = (id: string, rest = '') => `/detections/${encodeURIComponent(id)}${rest}`;

export function listDetections(filter: DetectionFilter, after: string | null, signal?: AbortSignal): Promise<Page<Detection>> {
  return request('/detections', { query: { limit: 20, after, ...filter }, signal });
}

export function getDetection(id: string, signal?: AbortSignal): Promise<Detection> {
  return request(path(id), { signal });
}

export function startDetection(body: NewDetection, idempotencyKey?: string): Promise<Detection> {
  return request('/detections', { method: 'POST', body, idempotencyKey });
}

export function renameDetection(id: string, name: string): Promise<Detection> {
  return request(path(id), { method: 'PATCH', body: { name } });
}

export function deleteDetection(id: string): Promise<void> {
  return request(path(id), { method: 'DELETE' });
}

export function cancelDetection(id: string): Promise<Detection> {
  return request(path(id, '/cancel'), { method: 'POST' });
}

export function getResult(id: string, signal?: AbortSignal): Promise<ResultDocument> {
  return request(path(id, '/result'), { signal });
}

export function listAnomalies(
  id: string,
  limit: number,
  after: string | null,
  filter: AnomalyFilter,
  signal?: AbortSignal,
): Promise<AnomalyPage> {
  return request(path(id, '/anomalies'), { query: { limit, after, ...filter }, signal });
}

export interface TimeRange {
  start: string;
  end: string;
}

export function getSeries(id: string, range: TimeRange | null, signal?: AbortSignal): Promise<Series> {
  return request(path(id, '/series'), { query: { points: 4000, start: range?.start, end: range?.end }, signal });
}

/** Whether the bins are equally wide in the score, or finer where most scores lie. */
export type AxisScale = 'linear' | 'log';

export function getDistribution(id: string, scale: AxisScale, signal?: AbortSignal): Promise<Distribution> {
  return request(path(id, '/distribution'), { query: { bins: 60, scale }, signal });
}

export function putThreshold(id: string, kind: ThresholdKind, value: number): Promise<Detection> {
  return request(path(id, '/threshold'), { method: 'PUT', body: { kind, value } });
}

export function getScatter(id: string, x: string, y: string, signal?: AbortSignal): Promise<Scatter> {
  return request(path(id, '/scatter'), { query: { x, y, points: 2000 }, signal });
}

export function getImportance(id: string, signal?: AbortSignal): Promise<Importance> {
  return request(path(id, '/importance'), { signal });
}

export type ExportFormat = 'csv' | 'jsonl' | 'parquet' | 'arrow';

export function exportDetection(id: string, format: ExportFormat, rows: 'all' | 'anomalies'): Promise<void> {
  return download(path(id, '/export'), { format, rows });
}
