/** Brings what the browser keeps into line with what an event tells. */

import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/react-query';

import type { DatasetSummary, Page } from '@/api/datasets';
import type { Detection, DetectionFilter } from '@/api/detections';
import type { Told } from '@/api/events';
import type { Feedback } from '@/api/feedback';
import type { Overview } from '@/api/overview';
import { isActive } from '@/features/detections/queries';
import { showFeedback, shownFeedback } from '@/features/feedback/cache';

interface Named {
  id: string;
}

type Pages<T> = InfiniteData<Page<T>>;

/** Puts what changed in its place of the list; undefined where the list does not have it. */
export function replaceIn<T extends Named>(pages: Pages<T>, changed: T): Pages<T> | undefined {
  let found = false;
  const replaced = pages.pages.map((page) => ({
    ...page,
    items: page.items.map((item) => {
      if (item.id !== changed.id) return item;
      found = true;
      return changed;
    }),
  }));
  return found ? { ...pages, pages: replaced } : undefined;
}

function filterOf(key: QueryKey): DetectionFilter {
  const filter = key[1];
  return typeof filter === 'object' && filter !== null ? filter : {};
}

function refresh(client: QueryClient, queryKey: QueryKey): void {
  void client.invalidateQueries({ queryKey });
}

/** The running job with its progress, so that a step forward does not ask for the whole overview again. */
export function stepForward(overview: Overview, detection: Detection): Overview | undefined {
  if (!isActive(detection) || !overview.running.some((job) => job.id === detection.job_id)) return undefined;
  const { status, progress } = detection;
  const running = overview.running.map((job) => (job.id === detection.job_id ? { ...job, status, progress: progress ?? job.progress } : job));
  return { ...overview, running };
}

function applyDetection(client: QueryClient, detection: Detection): void {
  const before = client.getQueryData<Detection>(['detection', detection.id]);
  const turned = before?.status !== detection.status;
  client.setQueryData(['detection', detection.id], detection);
  for (const [key, pages] of client.getQueriesData<Pages<Detection>>({ queryKey: ['detections'] })) {
    const replaced = pages === undefined ? undefined : replaceIn(pages, detection);
    if (replaced !== undefined) client.setQueryData(key, replaced);
    // A list by status gains or loses it; another list may not have it yet.
    if (turned && (replaced === undefined || filterOf(key).status !== undefined)) refresh(client, key);
  }
  // An event of a wide detection leaves its parameters out.
  if (turned) refresh(client, ['detection', detection.id]);
  const overview = client.getQueryData<Overview>(['overview']);
  const stepped = overview === undefined ? undefined : stepForward(overview, detection);
  if (stepped !== undefined) client.setQueryData(['overview'], stepped);
  else if (turned || !isActive(detection)) refresh(client, ['overview']);
}

function applyDataset(client: QueryClient, dataset: DatasetSummary): void {
  refresh(client, ['datasets']);
  refresh(client, ['dataset', dataset.id]);
  refresh(client, ['overview']);
}

function applyFeedback(client: QueryClient, feedback: Feedback): void {
  const shown = shownFeedback(client, feedback.detection_id, feedback.index);
  // What was said here and is still on its way is newer than what the event tells.
  if (shown?.id !== '') showFeedback(client, feedback.detection_id, feedback.index, feedback.verdict === null && (feedback.note ?? '') === '' ? null : feedback);
  refresh(client, ['overview']);
}

export function applyEvent<T extends keyof Told>(client: QueryClient, topic: T, subject: Told[T]): void {
  if (topic === 'detection') applyDetection(client, subject as Detection);
  if (topic === 'dataset') applyDataset(client, subject as DatasetSummary);
  if (topic === 'feedback') applyFeedback(client, subject as Feedback);
  if (topic === 'model') for (const key of ['models', 'model', 'overview']) refresh(client, [key]);
}

/** Whatever changed while nobody listened was missed. */
export function applyReturn(client: QueryClient): void {
  for (const key of ['detections', 'detection', 'datasets', 'overview', 'models', 'model']) refresh(client, [key]);
}
