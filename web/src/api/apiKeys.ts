import { request } from '@/api/client';
import type { Page } from '@/api/datasets';

export interface ApiKey {
  id: string;
  name: string;
  /** The first characters of the secret, by which one recognises it. */
  prefix: string;
  role: string;
  user: { id: string; username: string };
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface NewApiKey {
  name: string;
  role: string;
  expires_at: string | null;
}

export interface MadeApiKey {
  key: ApiKey;
  secret: string;
}

export function listApiKeys(all: boolean, after: string | null, signal?: AbortSignal): Promise<Page<ApiKey>> {
  return request('/api-keys', { query: { all: all ? 'true' : null, limit: 50, after }, signal });
}

export function createApiKey(body: NewApiKey, idempotencyKey: string): Promise<MadeApiKey> {
  return request('/api-keys', { method: 'POST', body, idempotencyKey });
}

export function revokeApiKey(id: string): Promise<void> {
  return request(`/api-keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
