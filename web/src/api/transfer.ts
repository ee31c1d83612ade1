/** Files to and from the server, which may be larger than what fits into memory. */

import { API, ApiError, problemOf, queryString, request, unreachable, unsafeHeaders, withSession } from '@/api/client';
import { newKey } from '@/lib/keys';

export interface Upload<T> {
  promise: Promise<T>;
  cancel: () => void;
}

type Query = Parameters<typeof queryString>[0];

/** Sends a file as it is. XMLHttpRequest, because `fetch` cannot report how much was sent. */
export function upload<T>(path: string, file: Blob, query: Query, onProgress: (fraction: number) => void): Upload<T> {
  let transfer: XMLHttpRequest | null = null;
  let cancelled = false;
  // Sent twice after a renewed token, or after an answer that got lost, it is taken once.
  const key = newKey();
  const attempt = () =>
    new Promise<T>((resolve, reject) => {
      const aborted = () => reject(new ApiError(0, { code: 'client.cancelled', detail: 'The upload was cancelled.' }, null));
      if (cancelled) {
        aborted();
        return;
      }
      const sending = new XMLHttpRequest();
      transfer = sending;
      sending.open('POST', `${API}${path}${queryString(query)}`);
      const headers = { Accept: 'application/json', 'Content-Type': 'application/octet-stream', 'Idempotency-Key': key, ...unsafeHeaders() };
      for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
      sending.upload.addEventListener('progress', (event) => {
        if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
      });
      sending.addEventListener('load', () => {
        if (sending.status >= 200 && sending.status < 300) resolve(JSON.parse(sending.responseText) as T);
        else reject(problemOf(sending.status, sending.responseText, sending.getResponseHeader('X-Request-ID')));
      });
      sending.addEventListener('error', () => reject(unreachable()));
      sending.addEventListener('abort', aborted);
      sending.send(file);
    });
  const cancel = () => {
    cancelled = true;
    transfer?.abort();
  };
  // A large file is not sent to hear only at its end that the token is over its time.
  const promise = request('/sessions/current').then(() => withSession(attempt));
  return { promise, cancel };
}

/** Has the browser save a file of the server, which streams it to the disk. */
export async function download(path: string, query: Query): Promise<void> {
  await request('/sessions/current');
  const link = document.createElement('a');
  link.href = `${API}${path}${queryString(query)}`;
  link.download = '';
  link.click();
}

/** Saves what the page made itself. */
export function saveBlob(content: Blob, filename: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
