/** The stored models that could judge, as far as choosing one needs it. */

import { queryOptions } from '@tanstack/react-query';

import { request } from '@/api/client';
import type { Page } from '@/api/datasets';
import type { Model, ModelVersion } from '@/api/models';

export const choosableModelsQuery = queryOptions({
  queryKey: ['models', 'choosable'],
  queryFn: ({ signal }) => request<Page<Model>>('/models', { query: { limit: 200 }, signal }),
});

export const choosableVersionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['model', id, 'choosable'],
    queryFn: ({ signal }) => request<Page<ModelVersion>>(`/models/${encodeURIComponent(id)}/versions`, { query: { limit: 200 }, signal }),
  });

/** The version that judges when none is named: the one in production, else the newest that can. */
export function judgingVersion(model: Model, versions: ModelVersion[]): ModelVersion | undefined {
  return model.production ?? versions.find((version) => version.status === 'succeeded' && version.stage !== 'archived');
}

/** The columns that a version asks for and the dataset does not have. */
export function missingColumns(version: ModelVersion, columns: string[]): string[] {
  const present = new Set(columns);
  return (version.feature_names ?? []).filter((name) => !present.has(name));
}
