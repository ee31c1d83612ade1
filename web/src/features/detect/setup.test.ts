import { describe, expect, it } from 'vitest';

import type { Algorithm } from '@/api/algorithms';
import type { Column, Dataset } from '@/api/datasets';
import { chooseAlgorithm, featureCandidates, initialSetup, judgeByModel, newDetection, readSetup, type Setup, setupProblem, thresholdProblem, timeCandidates, writeSetup } from '@/features/detect/setup';

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
    expect(newDetection(dataset, initialSetup(dataset), algorithm('stl'), [], {})).toEqual({ dataset_id: 'd', algorithm: 'stl', parameters: {} });
  });

  it('names what was changed, columns in the order of the file', () => {
    const changed: Setup = { ...initialSetup(dataset), timeColumn: 'seen', features: ['value', 'at'], priority: 'high', name: ' night ', threshold: { kind: 'fdr', value: 0.01 } };
    expect(newDetection(dataset, changed, algorithm('stl'), [], {})).toEqual({
      dataset_id: 'd', algorithm: 'stl', parameters: {}, columns: ['at', 'value'], time_column: 'seen', priority: 'high', name: 'night', threshold: { kind: 'fdr', value: 0.01 },
    });
  });

  it('by a stored model says nothing of algorithm and columns', () => {
    const chosen: Setup = { ...initialSetup(dataset), model: 'm', version: 2, algorithm: 'stl', features: [] };
    expect(judgeByModel(dataset, chosen)).toEqual({ dataset_id: 'd', model_id: 'm', model_version: 2 });
    expect(setupProblem(chosen)).toBeNull();
    expect(setupProblem({ ...chosen, model: '' })).toContain('Choose the model');
  });
});

describe('the address', () => {
  it('holds a setup, and nothing of what was recognised', () => {
    const changed: Setup = {
      kind: 'table', timeColumn: 'seen', features: ['at', 'value'], algorithm: 'ensemble', parameters: { members: ['knn', 'lof'], period: null },
      threshold: { kind: 'contamination', value: 0.02 }, priority: 'low', name: 'a & b', model: null, version: null,
    };
    expect(readSetup(dataset, writeSetup(dataset, changed))).toEqual(changed);
    expect(writeSetup(dataset, initialSetup(dataset))).toEqual({});
    expect(readSetup(dataset, {})).toEqual(initialSetup(dataset));
    expect(readSetup(dataset, writeSetup(dataset, { ...changed, threshold: { kind: 'score', value: null } })).threshold).toEqual({ kind: 'score', value: null });
  });

  it('changed by hand does no harm', () => {
    const odd = { kind: 'image', time: 'gone', columns: '["value", 3, "gone"]', parameters: '[1]', threshold: 'luck:2', priority: 'now', version: '-1' };
    expect(readSetup(dataset, odd)).toEqual({ ...initialSetup(dataset), features: ['value'] });
    expect(readSetup(dataset, { columns: '[', parameters: '{' })).toEqual(initialSetup(dataset));
  });
});

it('a threshold says what is wrong with it', () => {
  expect(thresholdProblem(null)).toBeNull();
  expect(thresholdProblem({ kind: 'fdr', value: 1 })).toContain('less than 100 %');
  expect(thresholdProblem({ kind: 'contamination', value: 0.5 })).toBeNull();
  expect(thresholdProblem({ kind: 'contamination', value: 0.6 })).toContain('at most 50 %');
  expect(thresholdProblem({ kind: 'alert_rate', value: 0 })).toContain('more than 0');
  expect(thresholdProblem({ kind: 'score', value: -3 })).toBeNull();
  expect(thresholdProblem({ kind: 'score', value: null })).not.toBeNull();
});
