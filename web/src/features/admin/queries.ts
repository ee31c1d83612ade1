import { infiniteQueryOptions } from '@tanstack/react-query';

import { listApiKeys } from '@/api/apiKeys';
import { listUsers } from '@/api/users';

export const usersQuery = infiniteQueryOptions({
  queryKey: ['users'],
  queryFn: ({ pageParam, signal }) => listUsers(pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
});

/** One's own keys, or all of the tenant. */
export const keysQuery = (all: boolean) =>
  infiniteQueryOptions({
    queryKey: ['api-keys', all],
    queryFn: ({ pageParam, signal }) => listApiKeys(all, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
