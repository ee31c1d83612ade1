/** What the pages show of feedback lives in the answers they asked for; here is how one of them is changed in all its places. */

import type { InfiniteData, QueryClient } from '@tanstack/react-query';

import type { AnomalyStory } from '@/api/anomalies';
import type { Feedback } from '@/api/feedback';

interface Listed {
  index: number;
  feedback?: Feedback | null;
}

type Pages = InfiniteData<{ items: Listed[] }>;

export const storyKey = (detectionId: string) => ['anomaly', detectionId] as const;
const listKey = (detectionId: string) => ['detection-anomalies', detectionId] as const;

export function inStory(story: AnomalyStory, index: number, feedback: Feedback | null): AnomalyStory {
  if (story.anomaly.index === index) return { ...story, feedback };
  if (!story.similar.some((other) => other.index === index)) return story;
  const verdict = feedback?.verdict ?? null;
  return { ...story, similar: story.similar.map((other) => (other.index === index ? { ...other, verdict } : other)) };
}

export function inPages(pages: Pages, index: number, feedback: Feedback | null): Pages {
  const has = (page: { items: Listed[] }) => page.items.some((item) => item.index === index);
  if (!pages.pages.some(has)) return pages;
  const change = (item: Listed) => (item.index === index ? { ...item, feedback } : item);
  return { ...pages, pages: pages.pages.map((page) => (has(page) ? { ...page, items: page.items.map(change) } : page)) };
}

/** Shows what is said about a row wherever the row is shown. */
export function showFeedback(client: QueryClient, detectionId: string, index: number, feedback: Feedback | null): void {
  client.setQueriesData<AnomalyStory>({ queryKey: storyKey(detectionId) }, (story) => story && inStory(story, index, feedback));
  client.setQueriesData<Pages>({ queryKey: listKey(detectionId) }, (pages) => pages && inPages(pages, index, feedback));
}

/** What is shown about a row at present; null where nothing is said or nobody asked. */
export function shownFeedback(client: QueryClient, detectionId: string, index: number): Feedback | null {
  const story = client.getQueryData<AnomalyStory>([...storyKey(detectionId), index]);
  if (story !== undefined) return story.feedback;
  for (const [, pages] of client.getQueriesData<Pages>({ queryKey: listKey(detectionId) })) {
    const found = pages?.pages.flatMap((page) => page.items).find((item) => item.index === index);
    if (found !== undefined) return found.feedback ?? null;
  }
  return null;
}
