import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import {
  type AnomalyFilter,
  type AnomalyPage,
  type AxisScale,
  getDistribution,
  getImportance,
  getResult,
  getScatter,
  getSeries,
  listAnomalies,
  type TimeRange,
} from '@/api/detections';

const pageSize = 100;

/** The cutoff is part of every key: when the threshold moves, here or by a colleague, what depends on it is asked anew. */
export const anomaliesQuery = (id: string, cutoff: number | null, filter: AnomalyFilter) =>
  infiniteQueryOptions({
    queryKey: ['detection-anomalies', id, cutoff, filter],
    queryFn: ({ pageParam, signal }): Promise<AnomalyPage> => listAnomalies(id, pageSize, pageParam, filter, signal),
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
export const distributionQuery = (id: string, scale: AxisScale) =>
  queryOptions({
    queryKey: ['detection-distribution', id, scale],
    queryFn: ({ signal }) => getDistribution(id, scale, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export const resultQuery = (id: string, cutoff: number | null) =>
  queryOptions({
    queryKey: ['detection-result', id, cutoff],
    queryFn: ({ signal }) => getResult(id, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export const scatterQuery = (id: string, cutoff: number | null, x: string, y: string) =>
  queryOptions({
    queryKey: ['detection-scatter', id, cutoff, x, y],
    queryFn: ({ signal }) => getScatter(id, x, y, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export const importanceQuery = (id: string, cutoff: number | null) =>
  queryOptions({
    queryKey: ['detection-importance', id, cutoff],
    queryFn: ({ signal }) => getImportance(id, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
