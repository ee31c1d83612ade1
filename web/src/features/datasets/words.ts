import type { ColumnType, DataKind } from '@/api/datasets';

export const columnTypeWords: Record<ColumnType, string> = {
  number: 'Number',
  boolean: 'Yes / no',
  category: 'Category',
  datetime: 'Date and time',
  text: 'Text',
};

export const kindWords: Record<DataKind, string> = { series: 'Time series', table: 'Table' };
