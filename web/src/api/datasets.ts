import { request } from '@/api/client';
import { type Upload, upload } from '@/api/transfer';

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

/** A dataset as lists have it: its columns come with the dataset itself. */
export interface DatasetSummary extends Omit<Dataset, 'columns' | 'warnings'> {
  n_warnings: number;
}

export interface ColumnProfile {
  name: string;
  type: ColumnType;
  role: ColumnRole;
  n_missing: number;
  n_distinct: number | null;
  /** There are more different values than were counted. */
  more_distinct: boolean;
  minimum: Cell;
  median: Cell;
  maximum: Cell;
  mean: number | null;
  standard_deviation: number | null;
  most_frequent: [Cell, number][];
  histogram: { edges: (number | string)[]; counts: number[] } | null;
}

export interface Profile {
  columns: ColumnProfile[];
  n_rows: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Preview {
  columns: string[];
  rows: Cell[][];
}

const path = (id: string, rest = '') => `/datasets/${encodeURIComponent(id)}${rest}`;

export interface DatasetFilter {
  q?: string | undefined;
  kind?: string | undefined;
}

export function listDatasets(filter: DatasetFilter, after: string | null, signal?: AbortSignal): Promise<Page<DatasetSummary>> {
  return request('/datasets', { query: { limit: 20, after, q: filter.q, kind: filter.kind }, signal });
}

export function getDataset(id: string, signal?: AbortSignal): Promise<Dataset> {
  return request(path(id), { signal });
}

export function previewDataset(id: string, rows: number, signal?: AbortSignal): Promise<Preview> {
  return request(path(id, '/preview'), { query: { rows }, signal });
}

export function profileDataset(id: string, signal?: AbortSignal): Promise<Profile> {
  return request(path(id, '/profile'), { signal });
}

export function renameDataset(id: string, name: string): Promise<Dataset> {
  return request(path(id), { method: 'PATCH', body: { name } });
}

export function deleteDataset(id: string): Promise<void> {
  return request(path(id), { method: 'DELETE' });
}

export function uploadDataset(file: File, onProgress: (fraction: number) => void): Upload<Dataset> {
  return upload('/datasets', file, { filename: file.name }, onProgress);
}
