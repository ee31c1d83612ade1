import { request } from '@/api/client';
import type { Page } from '@/api/datasets';

export interface Account {
  id: string;
  username: string;
  role: string;
  disabled: boolean;
  /** Whether a password was chosen; until then only the one-time link leads in. */
  has_password: boolean;
  created_at: string;
  last_sign_in_at: string | null;
  locked_until: string | null;
}

export interface OneTimeToken {
  one_time_token: string;
  expires_at: string;
}

export interface MadeAccount extends OneTimeToken {
  user: Account;
}

const path = (id: string, rest = '') => `/users/${encodeURIComponent(id)}${rest}`;

export function listUsers(after: string | null, signal?: AbortSignal): Promise<Page<Account>> {
  return request('/users', { query: { limit: 50, after }, signal });
}

export function createUser(body: { username: string; role: string }, idempotencyKey: string): Promise<MadeAccount> {
  return request('/users', { method: 'POST', body, idempotencyKey });
}

export function changeUser(id: string, body: { role?: string; disabled?: boolean }): Promise<Account> {
  return request(path(id), { method: 'PATCH', body });
}

export function newOneTimeToken(id: string): Promise<OneTimeToken> {
  return request(path(id, '/one-time-token'), { method: 'POST' });
}

export function deleteUser(id: string): Promise<void> {
  return request(path(id), { method: 'DELETE' });
}

