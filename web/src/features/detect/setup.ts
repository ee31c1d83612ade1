/** What a person may change before a detection starts, how the address holds it, and the request that it makes. */

import type { Algorithm } from '@/api/algorithms';
import type { DataKind, Dataset } from '@/api/datasets';
import type { NewDetection, ParameterValue, Priority, ThresholdKind } from '@/api/detections';
import { changedValues, type Field, type FormValues, problemWith } from '@/features/detect/schema';
import type { NewDetectionSearch } from '@/router';

export interface Setup {
  kind: DataKind;
  timeColumn: string | null;
  features: string[];
  /** Null: the one that is recommended for the kind. */
  algorithm: string | null;
  /** Those that were changed. */
  parameters: FormValues;
  /** Null: the server's own. */
  threshold: { kind: ThresholdKind; value: number | null } | null;
  priority: Priority;
  name: string;
  /** A stored model that judges instead of an algorithm that learns; '' while it is not chosen yet. */
  model: string | null;
  version: number | null;
}

export const defaultAlgorithm: Record<DataKind, string> = { series: 'stl', table: 'knn' };
const priorities: Priority[] = ['high', 'normal', 'low'];
const thresholdKinds: ThresholdKind[] = ['fdr', 'contamination', 'p_value', 'alert_rate', 'score'];

export function initialSetup(dataset: Dataset): Setup {
  return {
    kind: dataset.kind,
    timeColumn: dataset.roles.time,
    features: dataset.roles.features,
    algorithm: null,
    parameters: {},
    threshold: null,
    priority: 'normal',
    name: '',
    model: null,
    version: null,
  };
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Somebody changed the address by hand: what it cannot say is left as it was recognised.
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, ParameterValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readThreshold(text: string | undefined): Setup['threshold'] {
  const [kind, value] = (text ?? '').split(':', 2);
  const known = thresholdKinds.find((candidate) => candidate === kind);
  if (known === undefined) return null;
  return { kind: known, value: value === undefined || value === '' || !Number.isFinite(Number(value)) ? null : Number(value) };
}

/** The setup that an address holds; what does not belong to the dataset is left out. */
export function readSetup(dataset: Dataset, search: NewDetectionSearch): Setup {
  const initial = initialSetup(dataset);
  const names = new Set(dataset.columns.map((column) => column.name));
  const columns = parsed(search.columns);
  const parameters = parsed(search.parameters);
  const version = Number(search.version);
  return {
    kind: search.kind === 'series' || search.kind === 'table' ? search.kind : initial.kind,
    timeColumn: search.time !== undefined && names.has(search.time) ? search.time : initial.timeColumn,
    features: Array.isArray(columns) ? columns.filter((name): name is string => typeof name === 'string' && names.has(name)) : initial.features,
    algorithm: search.algorithm ?? null,
    parameters: isRecord(parameters) ? parameters : {},
    threshold: readThreshold(search.threshold),
    priority: priorities.find((priority) => priority === search.priority) ?? 'normal',
    name: search.name ?? '',
    model: search.model === undefined ? null : search.model === 'choose' ? '' : search.model,
    version: Number.isInteger(version) && version > 0 ? version : null,
  };
}

function sameNames(left: string[], right: string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** The address that holds a setup: only what differs from what was recognised. */
export function writeSetup(dataset: Dataset, setup: Setup): NewDetectionSearch {
  const initial = initialSetup(dataset);
  const { threshold, model } = setup;
  const said: { [name in keyof NewDetectionSearch]: string | null } = {
    kind: setup.kind === initial.kind ? null : setup.kind,
    time: setup.timeColumn === initial.timeColumn ? null : setup.timeColumn,
    columns: sameNames(setup.features, initial.features) ? null : JSON.stringify(setup.features),
    algorithm: setup.algorithm,
    parameters: Object.keys(setup.parameters).length === 0 ? null : JSON.stringify(setup.parameters),
    threshold: threshold === null ? null : `${threshold.kind}:${threshold.value ?? ''}`,
    priority: setup.priority === 'normal' ? null : setup.priority,
    name: setup.name === '' ? null : setup.name,
    model: model === '' ? 'choose' : model,
    version: setup.version === null ? null : String(setup.version),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)) as NewDetectionSearch;
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

interface ThresholdRule {
  label: string;
  /** What the value says, for whom the word says nothing. */
  meaning: string;
  unit: 'percent' | 'probability' | 'count' | 'score';
  suggested: number;
  highest: number;
}

export const thresholdRules: Record<ThresholdKind, ThresholdRule> = {
  fdr: { label: 'Share of false alarms', meaning: 'Of what is flagged, at most about this share is expected to be normal after all.', unit: 'percent', suggested: 0.05, highest: 1 },
  contamination: { label: 'Share of rows', meaning: 'This share of all rows is flagged, whether they are unusual or not.', unit: 'percent', suggested: 0.01, highest: 0.5 },
  p_value: { label: 'p-value', meaning: 'A normal row is flagged with this probability: many rows give many false alarms.', unit: 'probability', suggested: 0.001, highest: 1 },
  alert_rate: { label: 'Number of false alarms', meaning: 'About this many alerts are expected in as many rows as there are here, if nothing is wrong.', unit: 'count', suggested: 1, highest: Infinity },
  score: { label: 'Score', meaning: 'Every row with at least this score is flagged. Scores of different algorithms cannot be compared.', unit: 'score', suggested: 3, highest: Infinity },
};

export function thresholdProblem(threshold: Setup['threshold']): string | null {
  if (threshold === null) return null;
  const { value, kind } = threshold;
  if (value === null) return 'A value is needed.';
  const { highest, unit } = thresholdRules[kind];
  if (unit === 'score') return null;
  if (value <= 0) return 'Must be more than 0.';
  if (highest === Infinity) return null;
  const tooHigh = kind === 'contamination' ? value > highest : value >= highest;
  const limit = unit === 'percent' ? `${highest * 100} %` : String(highest);
  return tooHigh ? `Must be ${kind === 'contamination' ? 'at most' : 'less than'} ${limit}.` : null;
}

export function setupProblem(setup: Setup): string | null {
  if (setup.model !== null) return setup.model === '' ? 'Choose the model that judges.' : null;
  if (setup.features.length === 0) return 'Choose at least one column to judge.';
  if (setup.kind === 'series' && setup.timeColumn === null) return 'A time series needs a time column.';
  return null;
}

export function hasProblems(fields: Field[], values: FormValues): boolean {
  return fields.some((field) => problemWith(field, values[field.name] ?? null) !== null);
}

function shared(dataset: Dataset, setup: Setup): NewDetection {
  const { threshold } = setup;
  return {
    dataset_id: dataset.id,
    ...(threshold === null || threshold.value === null ? {} : { threshold: { kind: threshold.kind, value: threshold.value } }),
    ...(setup.priority === 'normal' ? {} : { priority: setup.priority }),
    ...(setup.name.trim() === '' ? {} : { name: setup.name.trim() }),
  };
}

/** The request by which a stored model judges the dataset. */
export function judgeByModel(dataset: Dataset, setup: Setup): NewDetection {
  return { ...shared(dataset, setup), model_id: setup.model ?? '', ...(setup.version === null ? {} : { model_version: setup.version }) };
}

export function newDetection(dataset: Dataset, setup: Setup, algorithm: Algorithm, fields: Field[], values: FormValues): NewDetection {
  const inOrder = dataset.columns.map((column) => column.name).filter((name) => setup.features.includes(name));
  const movedTime = setup.kind === 'series' && setup.timeColumn !== dataset.roles.time;
  return {
    ...shared(dataset, setup),
    algorithm: algorithm.name,
    parameters: changedValues(fields, values),
    ...(sameNames(inOrder, dataset.roles.features) ? {} : { columns: inOrder }),
    ...(movedTime ? { time_column: setup.timeColumn } : {}),
  };
}
