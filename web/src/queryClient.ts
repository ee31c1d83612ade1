import { QueryClient } from '@tanstack/react-query';

import { ApiError } from '@/api/client';

function isWorthRepeating(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiError && (error.unreachable || error.status >= 502);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: isWorthRepeating, staleTime: 15_000, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
});
