import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { type AnomalyPage, getDistribution, getResult, getSeries, listAnomalies, type TimeRange } from '@/api/detections';

const pageSize = 100;

/** The cutoff is part of every key: when the threshold moves, here or by a colleague, what depends on it is asked anew. */
export const anomaliesQuery = (id: string, cutoff: number | null) =>
  infiniteQueryOptions({
    queryKey: ['detection-anomalies', id, cutoff],
    queryFn: ({ pageParam, signal }): Promise<AnomalyPage> => listAnomalies(id, pageSize, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export const seriesQuery = (id: string, cutoff: number | null, range: TimeRange | null) =>
  queryOptions({
    queryKey: ['detection-series', id, cutoff, range?.start ?? null, range?.end ?? null],
    queryFn: ({ signal }) => getSeries(id, range, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

/** The scores do not change with the threshold, so one answer serves for good. */
export const distributionQuery = (id: string) =>
  queryOptions({ queryKey: ['detection-distribution', id], queryFn: ({ signal }) => getDistribution(id, signal), staleTime: Infinity });

export const resultQuery = (id: string, cutoff: number | null) =>
  queryOptions({
    queryKey: ['detection-result', id, cutoff],
    queryFn: ({ signal }) => getResult(id, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
