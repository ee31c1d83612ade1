/** The one door to the REST API: adds the CSRF token, renews an expired token, reads problem documents, and reports a lost session. */

import { renewSession, signedInBefore } from '@/api/renewal';

export const API = '/api/v1';

export interface FieldError {
  field?: string;
  location?: string;
  message?: string;
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  hint?: string | null;
  request_id?: string;
  errors?: FieldError[];
  details?: Record<string, unknown>;
}

/** An answer that was not a success, or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  readonly requestId: string | null;
  readonly errors: FieldError[];
  /** What belongs to this code, such as how many detections use a dataset. */
  readonly details: Record<string, unknown>;

  constructor(status: number, problem: Problem, requestId: string | null) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'client.unreachable' : `http.${status}`);
    this.hint = problem.hint ?? null;
    this.requestId = problem.request_id ?? requestId;
    this.errors = problem.errors ?? [];
    this.details = problem.details ?? {};
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

export function unreachable(): ApiError {
  return new ApiError(
    0,
    { detail: 'No answer came.', hint: 'Check the connection. Nothing that was saved is lost.' },
    null,
  );
}

/** Makes the error of an unsuccessful answer; a body that is not a problem document still gives a readable one. */
export function problemOf(status: number, body: string, requestId: string | null): ApiError {
  let problem: Problem = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) problem = parsed as Problem;
  } catch {
    problem = {};
  }
  return new ApiError(status, problem, requestId);
}

let csrfToken: string | null = null;
const signedOutListeners = new Set<() => void>();

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

export function unsafeHeaders(): Record<string, string> {
  return csrfToken === null ? {} : { 'X-CSRF-Token': csrfToken };
}

/** Calls `listener` when the server says that nobody is signed in any more. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

export function reportStatus(status: number): void {
  if (status === 401) for (const listener of signedOutListeners) listener();
}

/** Whether a new access token may help: the old one is over its time, or the browser has thrown its cookie away. */
export function isRenewable(error: ApiError): boolean {
  if (error.status !== 401) return false;
  return error.code === 'auth.token_expired' || (error.code === 'auth.not_signed_in' && signedInBefore());
}

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  query?: Record<string, string | number | boolean | null | undefined>;
  signal?: AbortSignal | undefined;
  /** A 401 here is an answer to show, not a lost session, and no token is renewed for it. */
  anonymous?: boolean;
  /** A 401 that stays after the token was renewed is an answer to show. */
  quiet?: boolean;
  /** The same key for the same order: when an answer was lost, trying again cannot create twice. */
  idempotencyKey?: string | undefined;
}

export function queryString(query: Options['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function headersOf(method: string, options: Options): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') Object.assign(headers, unsafeHeaders());
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
  return headers;
}

async function ask<T>(path: string, options: Options): Promise<T> {
  const method = options.method ?? 'GET';
  let response: Response;
  try {
    response = await fetch(`${API}${path}${queryString(options.query)}`, {
      method,
      headers: headersOf(method, options),
      credentials: 'same-origin',
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable();
  }
  if (!response.ok) throw problemOf(response.status, await response.text(), response.headers.get('X-Request-ID'));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Does something that needs a session; once more with a new token where the old one was over its time. */
export async function withSession<T>(attempt: () => Promise<T>, quiet = false): Promise<T> {
  const began = Date.now();
  try {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError) || !isRenewable(error)) throw error;
      const renewed = await renewSession(began);
      if (renewed === null) throw error;
      setCsrfToken(renewed.csrf_token ?? csrfToken);
      return await attempt();
    }
  } catch (error) {
    if (!quiet && error instanceof ApiError) reportStatus(error.status);
    throw error;
  }
}

export function request<T>(path: string, options: Options = {}): Promise<T> {
  return options.anonymous === true ? ask<T>(path, options) : withSession(() => ask<T>(path, options), options.quiet);
}
