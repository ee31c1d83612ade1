/** Turns the JSON schema of an algorithm's parameters into the fields of a form. */

import type { ParameterValue } from '@/api/detections';

export interface PropertySchema {
  type?: string | string[];
  enum?: ParameterValue[];
  const?: ParameterValue;
  anyOf?: PropertySchema[];
  oneOf?: PropertySchema[];
  default?: ParameterValue;
  title?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  items?: PropertySchema;
  minItems?: number;
  maxItems?: number;
}

export interface ObjectSchema {
  type?: string;
  properties?: Record<string, PropertySchema>;
  required?: string[];
}

export interface Field {
  name: string;
  label: string;
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'string' | 'list';
  /** Of a list: whether its items are numbers. */
  numbers: boolean;
  minItems: number;
  maxItems: number | null;
  /** The server chooses when the value is null. */
  automatic: boolean;
  defaultValue: ParameterValue;
  choices: string[];
  minimum: number | null;
  maximum: number | null;
  exclusiveMinimum: boolean;
  exclusiveMaximum: boolean;
  description: string;
}

export type FormValues = Record<string, ParameterValue>;

function flatten(schema: PropertySchema): PropertySchema[] {
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts !== undefined) return parts.flatMap((part) => flatten(part));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.map((type) => (type === undefined ? schema : { ...schema, type }));
}

function kindOf(parts: PropertySchema[]): Field['kind'] {
  if (parts.some((part) => part.type === 'array')) return 'list';
  if (parts.some((part) => part.enum !== undefined)) return 'choice';
  for (const kind of ['integer', 'number', 'boolean'] as const) {
    if (parts.some((part) => part.type === kind)) return parts.some((part) => part.type === 'number') && kind === 'integer' ? 'number' : kind;
  }
  return 'string';
}

export function labelOf(name: string): string {
  const text = name.replace(/^n_/, 'number of ').replaceAll('_', ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function fieldsOf(schema: ObjectSchema): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const parts = flatten(property);
    const values = parts.filter((part) => part.type !== 'null');
    const bounded = values.find((part) => part.type === 'number' || part.type === 'integer') ?? property;
    const list = values.find((part) => part.type === 'array');
    const choices = values.flatMap((part) => part.enum ?? []).filter((choice) => choice !== null);
    return {
      name,
      label: property.title ?? labelOf(name),
      kind: kindOf(values),
      numbers: list?.items !== undefined && flatten(list.items).every((item) => item.type === 'number' || item.type === 'integer'),
      minItems: list?.minItems ?? 0,
      maxItems: list?.maxItems ?? null,
      automatic: parts.length !== values.length || property.default === null || values.some((part) => part.enum?.includes(null) ?? false),
      defaultValue: property.default ?? null,
      choices: [...new Set(choices.map(String))],
      minimum: bounded.minimum ?? bounded.exclusiveMinimum ?? null,
      maximum: bounded.maximum ?? bounded.exclusiveMaximum ?? null,
      exclusiveMinimum: bounded.minimum === undefined && bounded.exclusiveMinimum !== undefined,
      exclusiveMaximum: bounded.maximum === undefined && bounded.exclusiveMaximum !== undefined,
      description: property.description ?? '',
    };
  });
}

export function defaultsOf(fields: Field[]): FormValues {
  return Object.fromEntries(fields.map((field) => [field.name, field.defaultValue]));
}

/** The items of a list as a person types them, one by one. */
export function itemsOf(value: ParameterValue): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => (typeof item === 'object' && item !== null ? JSON.stringify(item) : String(item)));
}

/** The list that typed items mean: numbers where they look like some, objects where they are written as such. */
export function listOf(items: string[], numbers: boolean): ParameterValue {
  return items.map((item) => {
    const text = item.trim();
    if (numbers && text !== '' && Number.isFinite(Number(text))) return Number(text);
    if (!text.startsWith('{')) return text;
    try {
      return JSON.parse(text) as ParameterValue;
    } catch {
      return text;
    }
  });
}

function listProblem(field: Field, value: ParameterValue): string | null {
  if (!Array.isArray(value)) return 'A list is needed.';
  if (value.length < field.minItems) return `At least ${field.minItems} ${field.minItems === 1 ? 'item is' : 'items are'} needed.`;
  if (field.maxItems !== null && value.length > field.maxItems) return `At most ${field.maxItems} items.`;
  const wrong = value.find((item) => (field.numbers ? typeof item !== 'number' : typeof item === 'string' && item.startsWith('{')));
  if (wrong === undefined) return null;
  return field.numbers ? `“${String(wrong)}” is no number.` : `“${String(wrong)}” is no valid JSON object.`;
}

/** What is wrong with a value, or null. */
export function problemWith(field: Field, value: ParameterValue): string | null {
  const nothing = value === null || value === '' || (Array.isArray(value) && value.length === 0 && field.automatic);
  if (nothing) return field.automatic ? null : 'A value is needed.';
  if (field.kind === 'list') return listProblem(field, value);
  if (field.kind === 'number' || field.kind === 'integer') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'A number is needed.';
    if (field.kind === 'integer' && !Number.isInteger(value)) return 'A whole number is needed.';
    if (field.minimum !== null && (value < field.minimum || (field.exclusiveMinimum && value === field.minimum))) {
      return `Must be ${field.exclusiveMinimum ? 'more than' : 'at least'} ${field.minimum}.`;
    }
    if (field.maximum !== null && (value > field.maximum || (field.exclusiveMaximum && value === field.maximum))) {
      return `Must be ${field.exclusiveMaximum ? 'less than' : 'at most'} ${field.maximum}.`;
    }
  }
  if (field.kind === 'choice' && !field.choices.includes(String(value))) return `Choose one of ${field.choices.join(', ')}.`;
  return null;
}

/** The values that differ from the defaults: only these are sent, so that the record shows what was meant. */
export function changedValues(fields: Field[], values: FormValues): FormValues {
  const changed: FormValues = {};
  for (const field of fields) {
    const given = values[field.name] ?? null;
    const value = given === '' || (field.automatic && Array.isArray(given) && given.length === 0) ? null : given;
    if (JSON.stringify(value) !== JSON.stringify(field.defaultValue)) changed[field.name] = value;
  }
  return changed;
}

export function rangeHint(field: Field): string {
  if (field.minimum === null && field.maximum === null) return '';
  if (field.minimum !== null && field.maximum !== null) return `${field.minimum} to ${field.maximum}`;
  return field.minimum === null ? `at most ${field.maximum}` : `${field.exclusiveMinimum ? 'more than' : 'at least'} ${field.minimum}`;
}
