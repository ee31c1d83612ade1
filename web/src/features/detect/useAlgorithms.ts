import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import type { Algorithm } from '@/api/algorithms';
import type { DataKind } from '@/api/datasets';
import { algorithmsQuery, otherLibraries } from '@/features/detect/queries';

/**
 * All algorithms that are offered for a kind of data. Those of other libraries come behind our own; they are waited for
 * only where one of them is wanted.
 */
export function useAlgorithms(kind: DataKind, wanted: string | null) {
  const own = useQuery(algorithmsQuery(kind));
  const others = useQueries({
    queries: otherLibraries.map((library) => algorithmsQuery(kind, library)),
    combine: (results) => ({ items: results.flatMap((result) => result.data?.items ?? []), isPending: results.some((result) => result.isPending) }),
  });
  const items = useMemo<Algorithm[]>(() => [...(own.data?.items ?? []), ...others.items], [own.data, others.items]);
  const waits = others.isPending && wanted !== null && otherLibraries.some((library) => wanted.startsWith(`${library}:`));
  return { items, isPending: own.isPending || waits, isError: own.isError, error: own.error, refetch: own.refetch };
}
