import { request } from '@/api/client';
import type { Cell, DataKind, Page } from '@/api/datasets';
import type { Explanation, ParameterValue, Priority, Severity, Status, Summary, ThresholdKind } from '@/api/detections';
import { download, type Upload, upload } from '@/api/transfer';

export type Stage = 'none' | 'staging' | 'production' | 'archived';

export interface ModelVersion {
  id: string;
  model_id: string;
  model_name: string;
  version: number;
  stage: Stage;
  status: Status;
  progress: { fraction: number; stage: string } | null;
  error: { code: string; message: string; hint: string | null } | null;
  source: 'trained' | 'imported';
  dataset: { id: string; name: string } | null;
  algorithm: string;
  parameters: Record<string, ParameterValue>;
  columns: string[] | null;
  time_column: string | null;
  threshold: { kind: ThresholdKind; value: number } | null;
  kind: DataKind | null;
  feature_names: string[] | null;
  summary: Summary | null;
  fingerprint: string | null;
  size_bytes: number | null;
  sha256: string | null;
  created_at: string;
  created_by: { id: string; username: string } | null;
  started_at: string | null;
  finished_at: string | null;
  job_id: string | null;
}

export interface Model {
  id: string;
  name: string;
  created_at: string;
  archived_at: string | null;
  n_versions: number;
  latest: ModelVersion | null;
  production: ModelVersion | null;
}

export interface NewModel {
  name: string;
  dataset_id: string;
  algorithm?: string | null;
  parameters?: Record<string, ParameterValue>;
  columns?: string[] | null;
  time_column?: string | null;
  threshold?: { kind: ThresholdKind; value: number } | null;
  priority?: Priority;
}

export interface ModelFilter {
  q?: string | undefined;
  archived?: boolean | undefined;
}

/** What a model says of rows that were sent to it. */
export interface Judgement {
  model_id: string;
  version: number;
  algorithm: string;
  n_rows: number;
  n_anomalies: number;
  threshold: { kind: ThresholdKind; value: number; score_cutoff: number | null };
  scores: (number | null)[];
  p_values: (number | null)[] | null;
  predictions: number[];
  confidence_scores: (number | null)[] | null;
  severities: (Severity | null)[];
  explanations: (Explanation | null)[] | null;
}

export type Row = Record<string, Cell>;

const path = (id: string, rest = '') => `/models/${encodeURIComponent(id)}${rest}`;
const ofVersion = (id: string, version: number, rest = '') => path(id, `/versions/${version}${rest}`);

export function listModels(filter: ModelFilter, after: string | null, signal?: AbortSignal): Promise<Page<Model>> {
  return request('/models', { query: { limit: 20, after, q: filter.q, archived: filter.archived }, signal });
}

export function getModel(id: string, signal?: AbortSignal): Promise<Model> {
  return request(path(id), { signal });
}

export function listVersions(id: string, after: string | null, signal?: AbortSignal): Promise<Page<ModelVersion>> {
  return request(path(id, '/versions'), { query: { limit: 50, after }, signal });
}

export function trainModel(body: NewModel, idempotencyKey: string): Promise<ModelVersion> {
  return request('/models', { method: 'POST', body, idempotencyKey });
}

export function importModel(file: File, name: string, onProgress: (fraction: number) => void): Upload<ModelVersion> {
  return upload('/models/import', file, { name }, onProgress);
}

export function promoteVersion(id: string, version: number, stage: 'staging' | 'production' | 'none'): Promise<ModelVersion> {
  return request(ofVersion(id, version, '/promote'), { method: 'POST', body: { stage } });
}

export function archiveVersion(id: string, version: number): Promise<ModelVersion> {
  return request(ofVersion(id, version, '/archive'), { method: 'POST' });
}

export function cancelVersion(id: string, version: number): Promise<ModelVersion> {
  return request(ofVersion(id, version, '/cancel'), { method: 'POST' });
}

export function deleteVersion(id: string, version: number): Promise<void> {
  return request(ofVersion(id, version), { method: 'DELETE' });
}

export function downloadVersion(id: string, version: number): Promise<void> {
  return download(ofVersion(id, version, '/file'), {});
}

export function archiveModel(id: string): Promise<Model> {
  return request(path(id, '/archive'), { method: 'POST' });
}

export function restoreModel(id: string): Promise<Model> {
  return request(path(id, '/restore'), { method: 'POST' });
}

export function deleteModel(id: string): Promise<void> {
  return request(path(id), { method: 'DELETE' });
}

export function scoreRows(id: string, version: number | null, rows: Row[]): Promise<Judgement> {
  return request(path(id, '/score'), { method: 'POST', body: { rows }, query: { version, explain: true } });
}
