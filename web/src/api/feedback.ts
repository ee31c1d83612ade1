import { request } from '@/api/client';

/** `true`: it is an anomaly. `false`: a false alarm. The words of the API. */
export type Verdict = 'true' | 'false';

export interface Feedback {
  id: string;
  detection_id: string;
  index: number;
  verdict: Verdict | null;
  note: string | null;
  user: { id: string; username: string } | null;
  created_at: string;
}

export interface NewFeedback {
  detection_id: string;
  index: number;
  verdict: Verdict | null;
  note: string | null;
}

export function giveFeedback(body: NewFeedback): Promise<Feedback> {
  return request('/feedback', { method: 'POST', body });
}

export function withdrawFeedback(id: string): Promise<void> {
  return request(`/feedback/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
