import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { getDataset, listDatasets, previewDataset } from '@/api/datasets';

export const datasetsQuery = infiniteQueryOptions({
  queryKey: ['datasets'],
  queryFn: ({ pageParam, signal }) => listDatasets(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
});

export const datasetQuery = (id: string) =>
  queryOptions({ queryKey: ['dataset', id], queryFn: ({ signal }) => getDataset(id, signal), staleTime: Infinity });

export const previewQuery = (id: string, rows: number) =>
  queryOptions({ queryKey: ['dataset', id, 'preview', rows], queryFn: ({ signal }) => previewDataset(id, rows, signal), staleTime: Infinity });
