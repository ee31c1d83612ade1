import { queryOptions } from '@tanstack/react-query';

import { listAlgorithms } from '@/api/algorithms';
import type { DataKind } from '@/api/datasets';

/** The catalogue, or its part for one kind of data, or the detectors of another library. */
export const algorithmsQuery = (kind: DataKind | null, family: string | null = null) =>
  queryOptions({ queryKey: ['algorithms', kind, family], queryFn: ({ signal }) => listAlgorithms(kind, family, signal), staleTime: Infinity });

/** The libraries whose detectors are offered beside our own. */
export const otherLibraries = ['sklearn', 'pyod'];
