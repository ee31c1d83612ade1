import { describe, expect, it } from 'vitest';

import { cellOf, pasted, rowOf } from '@/features/models/rows';
import { curlSnippet, pythonSnippet, shellQuoted } from '@/features/models/snippets';

describe('typed rows', () => {
  it('become values of their column', () => {
    expect([cellOf('1.5', undefined), cellOf('', 'number'), cellOf('TRUE', undefined), cellOf('12', 'category'), cellOf('x', 'number')]).toEqual([1.5, null, true, '12', 'x']);
    expect(rowOf({ a: '1', b: ' day ' }, ['a', 'b', 'c'], new Map([['b', 'category']]))).toEqual({ a: 1, b: 'day', c: null });
  });

  it('are read from a pasted table, with a header or without', () => {
    expect(pasted('b,a\n1,2\n\n3,4\r\n', ['a', 'b'])).toEqual([{ a: '2', b: '1' }, { a: '4', b: '3' }]);
    expect(pasted('1\t2', ['a', 'b'])).toEqual([{ a: '1', b: '2' }]);
    expect(pasted('a;b\n"x;y";"say ""no"""', ['a', 'b'])).toEqual([{ a: 'x;y', b: 'say "no"' }]);
    expect(pasted('  ', ['a'])).toEqual([]);
    expect(pasted(Array.from({ length: 200 }, () => '1').join('\n'), ['a'])).toHaveLength(50);
  });
});

describe('snippets', () => {
  const target = { origin: 'http://127.0.0.1:8000', modelId: 'm1', version: 3 };
  const row = { "it's": 1, 'a"b': null, ok: true, '$(rm)': 'x' };

  it('keep what comes from data within quotes', () => {
    expect(shellQuoted("it's $(rm)")).toBe(String.raw`'it'\''s $(rm)'`);
    expect(curlSnippet(target, row)).toContain(String.raw`-d '{"rows":[{"it'\''s":1,"a\"b":null,"ok":true,"$(rm)":"x"}]}'`);
  });

  it('write Python as Python', () => {
    expect(pythonSnippet(target, row)).toContain(String.raw`rows = [{"it's": 1, "a\"b": None, "ok": True, "$(rm)": "x"}]`);
    expect(pythonSnippet({ ...target, version: null }, row)).not.toContain('version=');
  });
});
