/** Addresses keep every value as text: the router's own JSON reading would turn a token such as "1e5" into a number. */

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

export function textOf(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Those of the names that are given as text, for a page that filters by them. */
export function texts<N extends string>(search: Record<string, unknown>, names: readonly N[]): { [name in N]?: string } {
  const found: { [name in N]?: string } = {};
  for (const name of names) {
    const text = textOf(search, name);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

export function wholeNumberOf(search: Record<string, unknown>, name: string): number | undefined {
  const text = textOf(search, name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A path of this site, or "/": a link must not send a signed-in user elsewhere. */
export function safeTarget(target: string | undefined): string {
  if (target === undefined || !/^\/[^/\\]/.test(target) || target.startsWith('/sign-in')) return '/';
  return target;
}
