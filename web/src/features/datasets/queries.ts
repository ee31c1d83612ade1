import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { type DatasetFilter, getDataset, listDatasets, previewDataset, profileDataset } from '@/api/datasets';

export const datasetsQuery = (filter: DatasetFilter) =>
  infiniteQueryOptions({
    queryKey: ['datasets', filter],
    queryFn: ({ pageParam, signal }) => listDatasets(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const datasetQuery = (id: string) =>
  queryOptions({ queryKey: ['dataset', id], queryFn: ({ signal }) => getDataset(id, signal), staleTime: 60_000 });

/** What lies in a dataset never changes, so one answer serves for good. */
export const previewQuery = (id: string, rows: number) =>
  queryOptions({ queryKey: ['dataset-preview', id, rows], queryFn: ({ signal }) => previewDataset(id, rows, signal), staleTime: Infinity });

export const profileQuery = (id: string) =>
  queryOptions({ queryKey: ['dataset-profile', id], queryFn: ({ signal }) => profileDataset(id, signal), staleTime: Infinity });
