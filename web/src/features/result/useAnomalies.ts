import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';

import type { AnomalyFilter } from '@/api/detections';
import { anomaliesQuery } from '@/features/result/queries';
import { severityLookup } from '@/lib/anomalies';

const farthestRows = 2000;
const noFilter: AnomalyFilter = {};

/** The ranked anomalies that fit a filter, page by page; pages are fetched until a row that was asked for is there. */
export function useAnomalies(id: string, cutoff: number | null, wanted: number | null, filter: AnomalyFilter) {
  const query = useInfiniteQuery(anomaliesQuery(id, cutoff, filter));
  // The charts show every anomaly, whatever the list is limited to.
  const whole = useInfiniteQuery(anomaliesQuery(id, cutoff, noFilter));
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const anomalies = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const all = useMemo(() => whole.data?.pages.flatMap((page) => page.items) ?? [], [whole.data]);
  const selected = wanted === null ? undefined : (anomalies.find((anomaly) => anomaly.index === wanted) ?? all.find((anomaly) => anomaly.index === wanted));
  const searching = wanted !== null && selected === undefined && hasNextPage && anomalies.length < farthestRows;
  useEffect(() => {
    if (searching && !isFetching) void fetchNextPage();
  }, [searching, isFetching, fetchNextPage]);
  const severityOf = useMemo(() => severityLookup(all), [all]);
  const first = query.data?.pages[0];
  return { query, anomalies, worst: all[0], selected, searching, severityOf, total: first?.total ?? null, matching: first?.n_matching ?? first?.total ?? null };
}
