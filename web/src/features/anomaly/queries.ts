import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { getAnomaly } from '@/api/anomalies';
import { storyKey } from '@/features/feedback/cache';

/** One row of a detection; the one before stays on the page until the next is there. */
export const storyQuery = (detectionId: string, row: number) =>
  queryOptions({
    queryKey: [...storyKey(detectionId), row],
    queryFn: ({ signal }) => getAnomaly(detectionId, row, signal),
    placeholderData: keepPreviousData,
  });
