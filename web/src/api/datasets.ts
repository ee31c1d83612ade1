import { API, ApiError, problemOf, queryString, reportStatus, request, unreachable, unsafeHeaders } from '@/api/client';

export type DataKind = 'series' | 'table';
export type ColumnType = 'number' | 'boolean' | 'category' | 'datetime' | 'text';
export type ColumnRole = 'time' | 'label' | 'entity' | 'feature' | 'ignored';
export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  type: ColumnType;
  role: ColumnRole;
  n_missing: number;
  n_distinct: number | null;
  minimum: Cell;
  maximum: Cell;
  examples: Cell[];
}

export interface Dataset {
  id: string;
  name: string;
  filename: string;
  kind: DataKind;
  n_rows: number;
  n_columns: number;
  size_bytes: number;
  fingerprint: string;
  roles: { time: string | null; label: string | null; entity: string | null; features: string[] };
  columns: Column[];
  warnings: string[];
  created_at: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Preview {
  columns: string[];
  rows: Cell[][];
}

export function listDatasets(after: string | null, signal?: AbortSignal): Promise<Page<Dataset>> {
  return request('/datasets', { query: { limit: 20, after }, signal });
}

export function getDataset(id: string, signal?: AbortSignal): Promise<Dataset> {
  return request(`/datasets/${encodeURIComponent(id)}`, { signal });
}

export function previewDataset(id: string, rows: number, signal?: AbortSignal): Promise<Preview> {
  return request(`/datasets/${encodeURIComponent(id)}/preview`, { query: { rows }, signal });
}

export interface Upload {
  promise: Promise<Dataset>;
  cancel: () => void;
}

/** Sends a file as it is. XMLHttpRequest, because `fetch` cannot report how much was sent. */
export function uploadDataset(file: File, onProgress: (fraction: number) => void): Upload {
  const transfer = new XMLHttpRequest();
  const promise = new Promise<Dataset>((resolve, reject) => {
    transfer.open('POST', `${API}/datasets${queryString({ filename: file.name })}`);
    transfer.setRequestHeader('Accept', 'application/json');
    transfer.setRequestHeader('Content-Type', 'application/octet-stream');
    for (const [name, value] of Object.entries(unsafeHeaders())) transfer.setRequestHeader(name, value);
    transfer.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    });
    transfer.addEventListener('load', () => {
      if (transfer.status >= 200 && transfer.status < 300) {
        resolve(JSON.parse(transfer.responseText) as Dataset);
        return;
      }
      reportStatus(transfer.status);
      reject(problemOf(transfer.status, transfer.responseText, transfer.getResponseHeader('X-Request-ID')));
    });
    transfer.addEventListener('error', () => reject(unreachable()));
    transfer.addEventListener('abort', () =>
      reject(new ApiError(0, { code: 'client.cancelled', detail: 'The upload was cancelled.' }, null)),
    );
    transfer.send(file);
  });
  return { promise, cancel: () => transfer.abort() };
}
