import { API } from '@/api/client';
import { currentSession } from '@/api/sessions';
import type { DatasetSummary } from '@/api/datasets';
import type { Detection } from '@/api/detections';
import type { Feedback } from '@/api/feedback';

export type LiveState = 'connecting' | 'open' | 'lost';

/** What the server tells of, by the name of the event. */
export interface Told {
  detection: Detection;
  dataset: DatasetSummary;
  feedback: Feedback;
  /** A version of a model. */
  model: { id: string; model_id: string; version: number; status: string };
}

const topics = ['detection', 'dataset', 'feedback', 'model'] as const;

interface Handlers {
  onEvent: <T extends keyof Told>(topic: T, subject: Told[T]) => void;
  onState: (state: LiveState) => void;
}

const firstDelayMs = 1000;
const longestDelayMs = 30_000;

/** Listens to the tenant's events until closed. The browser reconnects a broken stream; after a refusal we do, more and more slowly. */
export function openEvents(handlers: Handlers): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = firstDelayMs;
  let closed = false;

  function connect(): void {
    source = new EventSource(`${API}/events`, { withCredentials: true });
    source.addEventListener('open', () => {
      delay = firstDelayMs;
      handlers.onState('open');
    });
    for (const topic of topics) {
      source.addEventListener(topic, (event: MessageEvent<string>) => {
        handlers.onEvent(topic, JSON.parse(event.data) as Told[typeof topic]);
      });
    }
    source.addEventListener('error', () => {
      handlers.onState('lost');
      if (source?.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(() => void reconnect(), delay);
      delay = Math.min(delay * 2, longestDelayMs);
    });
  }

  /** A refusal may mean that the token is over its time, which a stream cannot see: asking for the session renews it. */
  async function reconnect(): Promise<void> {
    await currentSession().catch(() => null);
    if (!closed) connect();
  }

  handlers.onState('connecting');
  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}
