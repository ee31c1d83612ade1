/** Rows that somebody types or pastes, and what is sent of them. */

import type { Cell, ColumnType } from '@/api/datasets';
import type { Row } from '@/api/models';

export type TypedRow = Record<string, string>;

export const mostRows = 50;

/** What was typed as the value that the column wants; nothing typed is a missing value. */
export function cellOf(text: string, type: ColumnType | undefined): Cell {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (type === 'category' || type === 'text' || type === 'datetime') return trimmed;
  if (type === 'boolean' || type === undefined) {
    if (/^true$/i.test(trimmed)) return true;
    if (/^false$/i.test(trimmed)) return false;
  }
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : trimmed;
}

export function rowOf(typed: TypedRow, columns: string[], types: ReadonlyMap<string, ColumnType>): Row {
  return Object.fromEntries(columns.map((name) => [name, cellOf(typed[name] ?? '', types.get(name))]));
}

export function isEmpty(typed: TypedRow): boolean {
  return Object.values(typed).every((text) => text.trim() === '');
}

/** The cells of one line, where quotes hold a separator or a quote together. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let position = 0; position < line.length; position += 1) {
    const character = line.charAt(position);
    if (quoted && character === '"' && line.charAt(position + 1) === '"') {
      cell += '"';
      position += 1;
    } else if (character === '"' && (quoted || cell === '')) quoted = !quoted;
    else if (character === separator && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...cells, cell].map((text) => text.trim());
}

function separatorOf(line: string): string {
  if (line.includes('\t')) return '\t';
  return line.includes(';') && !line.includes(',') ? ';' : ',';
}

/** Rows of a pasted table. A first line that names a column is a header; without one the columns are taken in their order. */
export function pasted(text: string, columns: string[]): TypedRow[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [first] = lines;
  if (first === undefined) return [];
  const separator = separatorOf(first);
  const head = cellsOf(first, separator);
  const hasHeader = head.some((name) => columns.includes(name));
  const names = hasHeader ? head : columns;
  return lines.slice(hasHeader ? 1 : 0, mostRows + (hasHeader ? 1 : 0)).map((line) => {
    const cells = cellsOf(line, separator);
    return Object.fromEntries(columns.map((name) => [name, cells[names.indexOf(name)] ?? '']));
  });
}

export function textOf(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? '' : String(cell);
}
