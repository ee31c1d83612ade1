import { expect, it } from 'vitest';

import type { ModelVersion } from '@/api/models';
import { comparison } from '@/features/models/compare';

const version = (change: Partial<ModelVersion>): ModelVersion => ({
  id: 'v', model_id: 'm', model_name: 'pump', version: 1, stage: 'none', status: 'succeeded', progress: null, error: null, source: 'trained',
  dataset: { id: 'd', name: 'pump' }, algorithm: 'knn', parameters: {}, columns: null, time_column: null, threshold: null, kind: 'table', feature_names: ['a', 'b'],
  summary: null, fingerprint: 'f', size_bytes: 1000, sha256: null, created_at: '2026-01-01T00:00:00Z', created_by: null, started_at: null, finished_at: null, job_id: null,
  ...change,
});

it('two versions are compared line by line, parameters of either included', () => {
  const left = version({ parameters: { n_neighbors: 5, metric: null } });
  const right = version({ algorithm: 'lof', parameters: { n_neighbors: 5, leaf_size: [1, 2] } });
  const lines = comparison(left, right);
  expect(lines.filter((line) => line.differs).map((line) => [line.name, line.left, line.right])).toEqual([
    ['Algorithm', 'kNN', 'LOF'],
    ['Parameter leaf_size', '–', '[1,2]'],
    ['Parameter metric', 'automatic', '–'],
  ]);
  expect(lines.find((line) => line.name === 'Parameter n_neighbors')?.differs).toBe(false);
});
