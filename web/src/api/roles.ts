import { request } from '@/api/client';

export interface Role {
  name: string;
  description: string;
  permissions: string[];
}

export interface Permission {
  name: string;
  description: string;
}

export interface Roles {
  items: Role[];
  permissions: Permission[];
}

export function listRoles(signal?: AbortSignal): Promise<Roles> {
  return request('/roles', { signal });
}
