import { describe, expect, it } from 'vitest';

import type { Algorithm } from '@/api/algorithms';
import type { Column, Dataset } from '@/api/datasets';
import { chooseAlgorithm, featureCandidates, initialSetup, newDetection, setupProblem, timeCandidates } from '@/features/detect/setup';

function column(name: string, type: Column['type'], role: Column['role']): Column {
  return { name, type, role, n_missing: 0, n_distinct: null, minimum: null, maximum: null, examples: [] };
}

const dataset: Dataset = {
  id: 'd', name: 'taxi', filename: 'taxi.csv', kind: 'series', n_rows: 10, n_columns: 3, size_bytes: 1, fingerprint: '', warnings: [], created_at: '',
  roles: { time: 'at', label: null, entity: null, features: ['value'] },
  columns: [column('at', 'datetime', 'time'), column('seen', 'datetime', 'ignored'), column('value', 'number', 'feature')],
};
const algorithm = (name: string, installed = true) => ({ name, installed, parameters: {} }) as Algorithm;

describe('chooseAlgorithm', () => {
  it('takes the wanted one, else the default of the kind, else any that is installed', () => {
    const all = [algorithm('a'), algorithm('stl'), algorithm('b', false)];
    expect(chooseAlgorithm(all, 'series', 'a')?.name).toBe('a');
    expect(chooseAlgorithm(all, 'series', null)?.name).toBe('stl');
    expect(chooseAlgorithm(all, 'series', 'b')?.name).toBe('stl');
    expect(chooseAlgorithm(all, 'table', null)?.name).toBe('a');
    expect(chooseAlgorithm([], 'table', null)).toBeUndefined();
  });
});

it('offers dates as time, and everything else to judge', () => {
  expect(timeCandidates(dataset)).toEqual(['at', 'seen']);
  expect(featureCandidates(dataset, initialSetup(dataset))).toEqual(['seen', 'value']);
  expect(featureCandidates(dataset, { ...initialSetup(dataset), kind: 'table' })).toEqual(['at', 'seen', 'value']);
});

it('says what is missing', () => {
  expect(setupProblem(initialSetup(dataset))).toBeNull();
  expect(setupProblem({ ...initialSetup(dataset), features: [] })).toContain('at least one column');
  expect(setupProblem({ ...initialSetup(dataset), timeColumn: null })).toContain('time column');
});

describe('newDetection', () => {
  it('leaves to the server what was not changed', () => {
    expect(newDetection(dataset, initialSetup(dataset), algorithm('stl'), [], {})).toEqual({
      dataset_id: 'd', algorithm: 'stl', parameters: {}, columns: null, time_column: null, threshold: null, name: null,
    });
  });

  it('names what was changed, columns in the order of the file', () => {
    const changed = { kind: 'series' as const, timeColumn: 'seen', features: ['value', 'at'] };
    const request = newDetection(dataset, changed, algorithm('stl'), [], {});
    expect(request.columns).toEqual(['at', 'value']);
    expect(request.time_column).toBe('seen');
  });
});
