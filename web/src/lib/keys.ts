/** A key for one order, so that the server takes it once however often it is sent. `randomUUID` is missing where the page came unsafely. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
