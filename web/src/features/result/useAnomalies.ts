import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';

import { anomaliesQuery } from '@/features/result/queries';
import { severityLookup } from '@/lib/anomalies';

const farthestRows = 2000;

/** The ranked anomalies, page by page; pages are fetched until a row that was asked for is there. */
export function useAnomalies(id: string, cutoff: number | null, wanted: number | null) {
  const query = useInfiniteQuery(anomaliesQuery(id, cutoff));
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const anomalies = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const selected = wanted === null ? undefined : anomalies.find((anomaly) => anomaly.index === wanted);
  const searching = wanted !== null && selected === undefined && hasNextPage && anomalies.length < farthestRows;
  useEffect(() => {
    if (searching && !isFetching) void fetchNextPage();
  }, [searching, isFetching, fetchNextPage]);
  const severityOf = useMemo(() => severityLookup(anomalies), [anomalies]);
  return { query, anomalies, selected, searching, severityOf, total: query.data?.pages[0]?.total ?? null };
}
