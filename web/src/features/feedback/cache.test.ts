import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';

import type { AnomalyStory } from '@/api/anomalies';
import type { Feedback } from '@/api/feedback';
import { inPages, inStory, showFeedback, shownFeedback } from '@/features/feedback/cache';
import { stateOf } from '@/features/feedback/words';

const said = (index: number, verdict: Feedback['verdict']): Feedback => ({
  id: 'f', detection_id: 'd', index, verdict, note: null, user: null, created_at: '2026-01-01T00:00:00Z',
});

const story = (index: number): AnomalyStory => ({
  anomaly: { index, row_id: null, time: null, entity: null, score: 1, p_value: null, confidence: null, severity: 'high', values: {}, explanation: null },
  rank: 1, n_anomalies: 2, feedback: null, history: [], previous: null, next: null, neighbours: [], window: null,
  similar: [{ index: 9, rank: 2, score: 1, severity: 'low', time: null, verdict: null, distance: 0 }],
});

describe('what is said about a row', () => {
  it('is shown on its own page and where it is similar to another', () => {
    expect(inStory(story(4), 4, said(4, 'true')).feedback?.verdict).toBe('true');
    expect(inStory(story(4), 9, said(9, 'false')).similar[0]?.verdict).toBe('false');
    const untouched = story(4);
    expect(inStory(untouched, 5, said(5, 'true'))).toBe(untouched);
  });

  it('is shown in the lists that have the row, and only there', () => {
    const pages = { pages: [{ items: [{ index: 1 }, { index: 2 }] }, { items: [{ index: 3 }] }], pageParams: [null, 'a'] };
    const changed = inPages(pages, 3, said(3, 'true'));
    expect(changed.pages[0]).toBe(pages.pages[0]);
    expect(changed.pages[1]?.items[0]).toEqual({ index: 3, feedback: said(3, 'true') });
    expect(inPages(pages, 7, null)).toBe(pages);
  });

  it('is found again in the page or the list', () => {
    const client = new QueryClient();
    client.setQueryData(['detection-anomalies', 'd', 0.5], { pages: [{ items: [{ index: 1, feedback: null }] }], pageParams: [null] });
    client.setQueryData(['anomaly', 'd', 4], story(4));
    showFeedback(client, 'd', 1, said(1, 'false'));
    showFeedback(client, 'd', 4, said(4, 'true'));
    expect(shownFeedback(client, 'd', 1)?.verdict).toBe('false');
    expect(shownFeedback(client, 'd', 4)?.verdict).toBe('true');
    expect(shownFeedback(client, 'other', 4)).toBeNull();
  });
});

it('stateOf tells a note without a verdict from nothing', () => {
  expect(stateOf(null)).toBe('not reviewed');
  expect(stateOf({ ...said(1, null), note: 'hm' })).toBe('noted, without a verdict');
  expect(stateOf(said(1, 'false'))).toBe('dismissed');
});
