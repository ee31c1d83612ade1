import { request } from '@/api/client';
import type { DataKind } from '@/api/datasets';
import type { ObjectSchema } from '@/features/detect/schema';

export interface Algorithm {
  name: string;
  family: string;
  kinds: (DataKind | 'image' | 'text')[];
  summary: string;
  parameters: ObjectSchema;
  online: boolean;
  causal: boolean;
  independent_rows: boolean;
  min_rows: number;
  extra: string | null;
  installed: boolean;
  reference: string | null;
}

export function listAlgorithms(kind: DataKind | null, family: string | null, signal?: AbortSignal): Promise<{ items: Algorithm[] }> {
  return request('/algorithms', { query: { kind, family }, signal });
}
