import { API } from '@/api/client';
import type { Detection } from '@/api/detections';

export type LiveState = 'connecting' | 'open' | 'lost';

interface Handlers {
  onDetection: (detection: Detection) => void;
  onState: (state: LiveState) => void;
}

const firstDelayMs = 1000;
const longestDelayMs = 30_000;

/** Listens to the tenant's events until closed. The browser reconnects a broken stream; after a refusal we do, more and more slowly. */
export function openEvents(handlers: Handlers): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = firstDelayMs;

  function connect(): void {
    source = new EventSource(`${API}/events`, { withCredentials: true });
    source.addEventListener('open', () => {
      delay = firstDelayMs;
      handlers.onState('open');
    });
    source.addEventListener('detection', (event: MessageEvent<string>) => {
      handlers.onDetection(JSON.parse(event.data) as Detection);
    });
    source.addEventListener('error', () => {
      handlers.onState('lost');
      if (source?.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(connect, delay);
      delay = Math.min(delay * 2, longestDelayMs);
    });
  }

  handlers.onState('connecting');
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
