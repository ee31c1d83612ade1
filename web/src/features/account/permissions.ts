/** What the signed-in user may do, so that what a role may not do is not shown; the server checks all the same. */

import { queryOptions, useQuery } from '@tanstack/react-query';

import { listRoles } from '@/api/roles';
import { sessionQuery } from '@/features/session/queries';

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => listRoles(signal),
  staleTime: Infinity,
});

/** Tells of a permission such as `feedback.write` whether the user's role holds it; undefined while that is not known yet. */
export function useMay(permission: string): boolean | undefined {
  const session = useQuery(sessionQuery);
  const roles = useQuery(rolesQuery);
  if (session.data === undefined || roles.data === undefined) return roles.isError ? false : undefined;
  const role = session.data.user.role;
  return roles.data.items.some((item) => item.name === role && item.permissions.includes(permission));
}
