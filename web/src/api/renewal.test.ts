import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { ApiError, onSignedOut, request, unsafeHeaders } from '@/api/client';
import { rememberSignedIn } from '@/api/renewal';

const expired = { code: 'auth.token_expired', detail: 'The token is over its time.' };
const session = { csrf_token: 'of the session' };

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

/** A server whose access token is over its time until it is renewed; `renews` says whether it can be. */
function server(renews: boolean, code = expired.code) {
  let fresh = false;
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (address: string) => {
    asked.push(address.replace('/api/v1', ''));
    await Promise.resolve();
    if (address.endsWith('/sessions/refresh')) {
      fresh = renews;
      return renews ? answer(200, session) : answer(401, { code: 'auth.refresh_token_invalid' });
    }
    return fresh ? answer(200, { fine: true }) : answer(401, { ...expired, code });
  });
  return asked;
}

beforeEach(() => {
  vi.stubGlobal('navigator', {});
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
});
afterEach(() => vi.unstubAllGlobals());

it('an expired token is renewed once for all requests under way, and each is sent again', async () => {
  const asked = server(true);
  const answers = await Promise.all([request('/a'), request('/b', { method: 'POST', body: {} }), request('/c')]);
  expect(answers).toEqual([{ fine: true }, { fine: true }, { fine: true }]);
  expect(asked.filter((path) => path === '/sessions/refresh')).toHaveLength(1);
  expect(asked.filter((path) => path === '/b')).toHaveLength(2);
  expect(unsafeHeaders()).toEqual({ 'X-CSRF-Token': 'of the session' });
});

it('a session that is over is told once, after one try', async () => {
  const asked = server(false);
  const told = vi.fn();
  const stop = onSignedOut(told);
  await expect(request('/a')).rejects.toMatchObject({ status: 401, code: 'auth.token_expired' });
  expect(asked).toEqual(['/a', '/sessions/refresh']);
  expect(told).toHaveBeenCalledTimes(1);
  await expect(request('/a', { quiet: true })).rejects.toBeInstanceOf(ApiError);
  expect(told).toHaveBeenCalledTimes(1);
  stop();
});

it('a missing cookie is worth a renewal only where somebody was signed in', async () => {
  const asked = server(true, 'auth.not_signed_in');
  await expect(request('/a', { quiet: true })).rejects.toMatchObject({ code: 'auth.not_signed_in' });
  expect(asked).toEqual(['/a']);
  rememberSignedIn(true);
  expect(await request('/a')).toEqual({ fine: true });
});

it('a wrong password is an answer, and no reason to renew', async () => {
  const asked = server(true);
  await expect(request('/sessions', { method: 'POST', anonymous: true })).rejects.toMatchObject({ status: 401 });
  expect(asked).toEqual(['/sessions']);
});
