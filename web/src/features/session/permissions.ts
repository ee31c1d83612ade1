import { useQuery } from '@tanstack/react-query';

import { sessionQuery } from '@/features/session/queries';

/** The rights that the dashboard asks about, named as the server names them. */
export type Permission =
  | 'datasets.write'
  | 'detections.write'
  | 'models.write'
  | 'models.score'
  | 'feedback.write'
  | 'jobs.write'
  | 'accounts.manage';

const analyst: Permission[] = ['datasets.write', 'detections.write', 'models.write', 'models.score', 'feedback.write', 'jobs.write'];

/** What each role holds beyond reading. The server decides all the same; this only hides what it would refuse. */
const held: Record<string, ReadonlySet<Permission>> = {
  viewer: new Set(),
  analyst: new Set(analyst),
  admin: new Set([...analyst, 'accounts.manage']),
};

export function mayRole(role: string | undefined, permission: Permission): boolean {
  return held[role ?? '']?.has(permission) ?? false;
}

/** Whether who is signed in may do it. */
export function useMay(permission: Permission): boolean {
  const { data } = useQuery(sessionQuery);
  return mayRole(data?.user.role, permission);
}
