/** Turns the JSON schema of an algorithm's parameters into the fields of a form. */

import type { ParameterValue } from '@/api/detections';

export interface PropertySchema {
  type?: string | string[];
  enum?: ParameterValue[];
  const?: ParameterValue;
  anyOf?: PropertySchema[];
  oneOf?: PropertySchema[];
  default?: ParameterValue | unknown[];
  title?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

export interface ObjectSchema {
  type?: string;
  properties?: Record<string, PropertySchema>;
  required?: string[];
}

export interface Field {
  name: string;
  label: string;
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'string';
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
  if (parts.some((part) => part.enum !== undefined)) return 'choice';
  for (const kind of ['integer', 'number', 'boolean'] as const) {
    if (parts.some((part) => part.type === kind)) return parts.some((part) => part.type === 'number') && kind === 'integer' ? 'number' : kind;
  }
  return 'string';
}

/** A list is written as text with commas between its items; the server reads it so. */
function defaultOf(value: PropertySchema['default']): ParameterValue {
  if (!Array.isArray(value)) return value ?? null;
  const plain = value.every((item) => typeof item === 'string' || typeof item === 'number');
  return plain ? value.join(', ') : JSON.stringify(value);
}

export function labelOf(name: string): string {
  const text = name.replaceAll('_', ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function fieldsOf(schema: ObjectSchema): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const parts = flatten(property);
    const values = parts.filter((part) => part.type !== 'null');
    const bounded = values.find((part) => part.type === 'number' || part.type === 'integer') ?? property;
    const choices = values.flatMap((part) => part.enum ?? []).filter((choice) => choice !== null);
    return {
      name,
      label: property.title ?? labelOf(name),
      kind: kindOf(values),
      automatic: parts.length !== values.length || property.default === null || values.some((part) => part.enum?.includes(null) ?? false),
      defaultValue: defaultOf(property.default),
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

/** What is wrong with a value, or null. */
export function problemWith(field: Field, value: ParameterValue): string | null {
  if (value === null || value === '') return field.automatic ? null : 'A value is needed.';
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
    const value = values[field.name] === '' ? null : (values[field.name] ?? null);
    if (value !== field.defaultValue) changed[field.name] = value;
  }
  return changed;
}

export function rangeHint(field: Field): string {
  if (field.minimum === null && field.maximum === null) return '';
  if (field.minimum !== null && field.maximum !== null) return `${field.minimum} to ${field.maximum}`;
  return field.minimum === null ? `at most ${field.maximum}` : `${field.exclusiveMinimum ? 'more than' : 'at least'} ${field.minimum}`;
}
