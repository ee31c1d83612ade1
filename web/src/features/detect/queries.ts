import { queryOptions } from '@tanstack/react-query';

import { listAlgorithms } from '@/api/algorithms';
import type { DataKind } from '@/api/datasets';

/** The catalogue, or its part for one kind of data. */
export const algorithmsQuery = (kind: DataKind | null) =>
  queryOptions({ queryKey: ['algorithms', kind], queryFn: ({ signal }) => listAlgorithms(kind, signal), staleTime: Infinity });
