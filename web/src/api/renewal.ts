/** Gets a new access token when the old one is over its time: once for all requests of this tab, and one tab at a time. */

const address = '/api/v1/sessions/refresh';
const lockName = 'anomaly-detection-renewal';
const renewedAt = 'session-renewed-at';
const signedIn = 'signed-in';

export interface Renewed {
  /** Null where another tab did it: a session keeps its token. */
  csrf_token: string | null;
}

function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Without storage every tab renews for itself, which the server allows.
  }
}

/** Whether this browser had a session, so that asking for a new token can be worth it. */
export function signedInBefore(): boolean {
  return remembered(signedIn) !== null;
}

export function rememberSignedIn(yes: boolean): void {
  remember(signedIn, yes ? '1' : null);
}

async function ask(): Promise<Renewed | null> {
  let answer: Response;
  try {
    // A header of one's own cannot be sent from another site; its value does not matter here.
    answer = await fetch(address, { method: 'POST', credentials: 'same-origin', headers: { Accept: 'application/json', 'X-CSRF-Token': 'renew' } });
  } catch {
    return null;
  }
  if (!answer.ok) {
    if (answer.status === 401) rememberSignedIn(false);
    return null;
  }
  remember(renewedAt, String(Date.now()));
  return (await answer.json()) as Renewed;
}

async function oneTabAtATime(began: number): Promise<Renewed | null> {
  const renew = () => (Number(remembered(renewedAt) ?? 0) > began ? Promise.resolve({ csrf_token: null }) : ask());
  // Browsers offer locks only where the page came safely; without one, the server bears two tabs at once.
  return 'locks' in navigator ? navigator.locks.request(lockName, renew) : renew();
}

let underWay: Promise<Renewed | null> | null = null;

/** Renews the session's token for a request that began at that time; null where the session is over. */
export function renewSession(began: number): Promise<Renewed | null> {
  underWay ??= oneTabAtATime(began).finally(() => {
    underWay = null;
  });
  return underWay;
}
