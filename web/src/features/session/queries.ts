import { queryOptions } from '@tanstack/react-query';

import { currentSession } from '@/api/sessions';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: currentSession,
  staleTime: Infinity,
  gcTime: Infinity,
  retry: false,
});
