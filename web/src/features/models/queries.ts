import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';

import { getModel, listModels, listVersions, type ModelFilter, type ModelVersion } from '@/api/models';

/** An answer may overtake an event that tells the end, so a training under way is looked at again now and then. */
const lookAgainMilliseconds = 2000;

export function isTraining(version: Pick<ModelVersion, 'status'>): boolean {
  return version.status === 'queued' || version.status === 'running';
}

export const modelsQuery = (filter: ModelFilter) =>
  infiniteQueryOptions({
    queryKey: ['models', filter],
    queryFn: ({ pageParam, signal }) => listModels(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const training = state.data?.pages.some((page) => page.items.some(({ latest }) => latest !== null && isTraining(latest)));
      return training === true ? lookAgainMilliseconds : false;
    },
  });

export const modelQuery = (id: string) => queryOptions({ queryKey: ['model', id], queryFn: ({ signal }) => getModel(id, signal) });

export const versionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['model', id, 'versions'],
    queryFn: ({ pageParam, signal }) => listVersions(id, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some(isTraining)) === true ? lookAgainMilliseconds : false),
  });

/** Whatever changed in a model shows in its page and in the lists. */
export function refreshModels(client: QueryClient): void {
  for (const key of ['models', 'model', 'overview']) void client.invalidateQueries({ queryKey: [key] });
}
