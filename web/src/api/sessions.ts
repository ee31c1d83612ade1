import { request, setCsrfToken } from '@/api/client';
import { rememberSignedIn } from '@/api/renewal';

export interface User {
  id: string;
  username: string;
  role: string;
  tenant: { id: string; name: string };
}

export interface Session {
  user: User;
  expires_at: string;
  csrf_token: string;
}

export interface OneTime {
  username: string;
  expires_at: string;
}

export type Credentials =
  | { username: string; password: string }
  | { one_time_token: string; new_password: string };

function remember(session: Session): Session {
  setCsrfToken(session.csrf_token);
  rememberSignedIn(true);
  return session;
}

export async function signIn(credentials: Credentials): Promise<Session> {
  return remember(await request<Session>('/sessions', { method: 'POST', body: credentials, anonymous: true }));
}

export async function currentSession(): Promise<Session> {
  return remember(await request<Session>('/sessions/current', { quiet: true }));
}

export async function signOut(): Promise<void> {
  await request<void>('/sessions/current', { method: 'DELETE', quiet: true });
  setCsrfToken(null);
  rememberSignedIn(false);
}

export function oneTime(token: string): Promise<OneTime> {
  return request<OneTime>('/sessions/one-time', { query: { token }, anonymous: true });
}

/** Ends the user's other sessions too. */
export function changePassword(body: { current_password: string; new_password: string }): Promise<void> {
  return request('/sessions/current/password', { method: 'PUT', body });
}
