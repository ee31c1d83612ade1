import { describe, expect, it } from 'vitest';

import { changedValues, defaultsOf, type Field, fieldsOf, itemsOf, listOf, problemWith, rangeHint } from '@/features/detect/schema';

const fields = fieldsOf({
  properties: {
    n_trees: { type: 'integer', default: 100, minimum: 1, maximum: 1000, description: 'Trees.' },
    period: { type: ['integer', 'null'], default: null, minimum: 2 },
    sample_size: { anyOf: [{ type: 'integer', minimum: 2 }, { type: 'null' }], default: null },
    rate: { type: 'number', default: 0.5, exclusiveMinimum: 0, maximum: 1 },
    robust: { type: 'boolean', default: true },
    method: { enum: ['largest', 'mean'], default: 'largest' },
    seasonality: { type: ['string', 'null'], enum: ['daily', null], default: null },
  },
});

function field(name: string): Field {
  const found = fields.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('fieldsOf', () => {
  it('knows the kinds', () => {
    expect(fields.map(({ name, kind, automatic }) => [name, kind, automatic])).toEqual([
      ['n_trees', 'integer', false],
      ['period', 'integer', true],
      ['sample_size', 'integer', true],
      ['rate', 'number', false],
      ['robust', 'boolean', false],
      ['method', 'choice', false],
      ['seasonality', 'choice', true],
    ]);
  });

  it('finds bounds inside a union, and labels', () => {
    expect(field('sample_size').minimum).toBe(2);
    expect(field('n_trees').label).toBe('Number of trees');
    expect(field('seasonality').choices).toEqual(['daily']);
    expect(rangeHint(field('n_trees'))).toBe('1 to 1000');
    expect(rangeHint(field('period'))).toBe('at least 2');
  });

  it('takes an empty schema', () => {
    expect(fieldsOf({})).toEqual([]);
  });
});

describe('lists', () => {
  const [members, weights] = fieldsOf({
    properties: {
      members: { type: 'array', default: ['knn', 'ecod'], minItems: 1, maxItems: 3, items: { anyOf: [{ type: 'string' }, { type: 'object' }] } },
      weights: { type: ['array', 'null'], default: null, items: { type: 'number' }, minItems: 1 },
    },
  }) as [Field, Field];

  it('are known with what they hold', () => {
    expect([members.kind, members.defaultValue, members.automatic, members.numbers]).toEqual(['list', ['knn', 'ecod'], false, false]);
    expect([weights.kind, weights.defaultValue, weights.automatic, weights.numbers]).toEqual(['list', null, true, true]);
  });

  it('are typed item by item, and sent as lists', () => {
    expect(listOf(['0.5', ' 2 '], true)).toEqual([0.5, 2]);
    expect(listOf(['knn', '{"algorithm":"lof","weight":2}'], false)).toEqual(['knn', { algorithm: 'lof', weight: 2 }]);
    expect(itemsOf(['knn', { algorithm: 'lof' }])).toEqual(['knn', '{"algorithm":"lof"}']);
    expect(changedValues([members, weights], { members: ['knn', 'lof'], weights: [] })).toEqual({ members: ['knn', 'lof'] });
    expect(changedValues([members, weights], { members: ['knn', 'ecod'], weights: null })).toEqual({});
  });

  it('say what is wrong with them', () => {
    expect(problemWith(members, [])).toBe('At least 1 item is needed.');
    expect(problemWith(members, ['a', 'b', 'c', 'd'])).toBe('At most 3 items.');
    expect(problemWith(members, ['{"algorithm"'])).toContain('no valid JSON');
    expect(problemWith(weights, listOf(['x'], true))).toBe('“x” is no number.');
    expect(problemWith(weights, [])).toBeNull();
  });
});

describe('problemWith', () => {
  it('accepts nothing only where the server can choose', () => {
    expect(problemWith(field('period'), null)).toBeNull();
    expect(problemWith(field('n_trees'), null)).toBe('A value is needed.');
  });

  it('names the bound', () => {
    expect(problemWith(field('n_trees'), 0)).toBe('Must be at least 1.');
    expect(problemWith(field('n_trees'), 1.5)).toBe('A whole number is needed.');
    expect(problemWith(field('rate'), 0)).toBe('Must be more than 0.');
    expect(problemWith(field('rate'), 2)).toBe('Must be at most 1.');
    expect(problemWith(field('method'), 'other')).toBe('Choose one of largest, mean.');
  });
});

it('changedValues sends only what was changed', () => {
  const values = { ...defaultsOf(fields), n_trees: 200, period: 48 };
  expect(changedValues(fields, values)).toEqual({ n_trees: 200, period: 48 });
  expect(changedValues(fields, defaultsOf(fields))).toEqual({});
});
