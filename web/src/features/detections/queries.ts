import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';

import { type Detection, type DetectionFilter, getDetection, listDetections } from '@/api/detections';

export const detectionsQuery = (filter: DetectionFilter) =>
  infiniteQueryOptions({
    queryKey: ['detections', filter],
    queryFn: ({ pageParam, signal }) => listDetections(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

/** An answer may overtake an event that tells the end, so one that is under way is looked at again now and then. */
const lookAgainMilliseconds = 2000;

export const detectionQuery = (id: string) =>
  queryOptions({
    queryKey: ['detection', id],
    queryFn: ({ signal }) => getDetection(id, signal),
    refetchInterval: (query) => (query.state.data !== undefined && isActive(query.state.data) ? lookAgainMilliseconds : false),
  });

/** Keeps what a request answered, unless an event told of the detection's end meanwhile. */
export function keepAnswer(client: QueryClient, answer: Detection): void {
  client.setQueryData<Detection>(['detection', answer.id], (known) =>
    known !== undefined && !isActive(known) && isActive(answer) ? known : answer,
  );
}

export function isActive(detection: Detection): boolean {
  return detection.status === 'queued' || detection.status === 'running';
}
