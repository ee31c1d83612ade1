import { describe, expect, it } from 'vitest';

import { problemOf, queryString } from '@/api/client';

describe('problemOf', () => {
  it('reads a problem document', () => {
    const error = problemOf(422, JSON.stringify({ detail: 'x.csv is empty.', code: 'data.empty_file', hint: 'Export it again.', request_id: 'r1' }), null);
    expect([error.message, error.code, error.hint, error.requestId, error.status]).toEqual(['x.csv is empty.', 'data.empty_file', 'Export it again.', 'r1', 422]);
  });

  it('makes an error of anything else', () => {
    const error = problemOf(502, '<html>Bad gateway</html>', 'r2');
    expect([error.message, error.code, error.requestId]).toEqual(['The server answered 502.', 'http.502', 'r2']);
    expect(problemOf(500, 'null', null).code).toBe('http.500');
  });
});

it('queryString leaves out what is not given', () => {
  expect(queryString({ limit: 20, after: null, start: undefined })).toBe('?limit=20');
  expect(queryString({ filename: 'a b&c.csv' })).toBe('?filename=a+b%26c.csv');
  expect(queryString({})).toBe('');
});
