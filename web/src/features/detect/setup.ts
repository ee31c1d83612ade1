/** What a person may change before a detection starts, and the request that it makes. */

import type { Algorithm } from '@/api/algorithms';
import type { DataKind, Dataset } from '@/api/datasets';
import type { NewDetection } from '@/api/detections';
import { changedValues, type Field, type FormValues, problemWith } from '@/features/detect/schema';

export interface Setup {
  kind: DataKind;
  timeColumn: string | null;
  features: string[];
}

export const defaultAlgorithm: Record<DataKind, string> = { series: 'stl', table: 'knn' };

export function initialSetup(dataset: Dataset): Setup {
  return { kind: dataset.kind, timeColumn: dataset.roles.time, features: dataset.roles.features };
}

export function timeCandidates(dataset: Dataset): string[] {
  return dataset.columns
    .filter((column) => column.type === 'datetime' || column.name === dataset.roles.time)
    .map((column) => column.name);
}

/** The columns that may be judged: not the one that tells the time of a series. */
export function featureCandidates(dataset: Dataset, setup: Setup): string[] {
  return dataset.columns
    .filter((column) => setup.kind === 'table' || column.name !== setup.timeColumn)
    .map((column) => column.name);
}

export function chooseAlgorithm(algorithms: Algorithm[], kind: DataKind, wanted: string | null): Algorithm | undefined {
  const usable = algorithms.filter((algorithm) => algorithm.installed);
  return (
    usable.find((algorithm) => algorithm.name === wanted) ??
    usable.find((algorithm) => algorithm.name === defaultAlgorithm[kind]) ??
    usable[0]
  );
}

export function setupProblem(setup: Setup): string | null {
  if (setup.features.length === 0) return 'Choose at least one column to judge.';
  if (setup.kind === 'series' && setup.timeColumn === null) return 'A time series needs a time column.';
  return null;
}

function sameNames(left: string[], right: string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

export function newDetection(dataset: Dataset, setup: Setup, algorithm: Algorithm, fields: Field[], values: FormValues): NewDetection {
  const inOrder = dataset.columns.map((column) => column.name).filter((name) => setup.features.includes(name));
  return {
    dataset_id: dataset.id,
    algorithm: algorithm.name,
    parameters: changedValues(fields, values),
    columns: sameNames(inOrder, dataset.roles.features) ? null : inOrder,
    time_column: setup.kind === 'series' && setup.timeColumn !== dataset.roles.time ? setup.timeColumn : null,
    threshold: null,
    name: null,
  };
}

export function hasProblems(fields: Field[], values: FormValues): boolean {
  return fields.some((field) => problemWith(field, values[field.name] ?? null) !== null);
}
