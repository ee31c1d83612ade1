/** What the signed-in user may do, so that what a role may not do is not shown; the server checks all the same. */

import { queryOptions, useQuery } from '@tanstack/react-query';

import { listRoles } from '@/api/roles';
import { sessionQuery } from '@/features/session/queries';

/** The shell waits for it before it shows a page, so nothing appears and goes away again. */
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => listRoles(signal),
  staleTime: Infinity,
  gcTime: Infinity,
});

/** Whether the user's role holds a permission such as `feedback.write`; what is not known is not allowed. */
export function useMay(permission: string): boolean {
  const session = useQuery(sessionQuery);
  const roles = useQuery(rolesQuery);
  const role = session.data?.user.role;
  return roles.data?.items.some((item) => item.name === role && item.permissions.includes(permission)) ?? false;
}
