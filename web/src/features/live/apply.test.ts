import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';

import type { Detection } from '@/api/detections';
import type { Overview } from '@/api/overview';
import { applyEvent, replaceIn, stepForward } from '@/features/live/apply';

const detection = (id: string, status: string, fraction = 0) => ({ id, status, job_id: `job ${id}`, progress: { fraction, stage: 'fit' } }) as Detection;
const pagesOf = (...items: Detection[]) => ({ pages: [{ items, next: null }], pageParams: [null] });
const overview = (id: string) => ({ running: [{ id: `job ${id}`, status: 'queued', progress: { fraction: 0, stage: '' } }], lanes: [] }) as unknown as Overview;

it('replaceIn changes a detection where it stands, and leaves a list alone that does not have it', () => {
  const pages = pagesOf(detection('a', 'running'), detection('b', 'queued'));
  const changed = replaceIn(pages, detection('b', 'running'));
  expect(changed?.pages[0]?.items.map((item) => item.status)).toEqual(['running', 'running']);
  expect(pages.pages[0]?.items[1]?.status).toBe('queued');
  expect(replaceIn(pages, detection('c', 'running'))).toBeUndefined();
});

function clientWith(): QueryClient {
  const made = new QueryClient();
  made.setQueryData(['detections', {}], pagesOf(detection('a', 'running')));
  made.setQueryData(['detections', { status: 'running' }], pagesOf(detection('a', 'running')));
  made.setQueryData(['detection', 'a'], detection('a', 'running'));
  made.setQueryData(['overview'], overview('a'));
  return made;
}
function isOld(made: QueryClient, key: unknown[]): boolean | undefined {
  return made.getQueryState(key)?.isInvalidated;
}

describe('an event of a detection', () => {
  it('moves its progress without asking for anything', () => {
    const made = clientWith();
    applyEvent(made, 'detection', detection('a', 'running', 0.5));
    expect(made.getQueryData<Overview>(['overview'])?.running[0]?.progress.fraction).toBe(0.5);
    expect([['detections', {}], ['detections', { status: 'running' }], ['overview']].map((key) => isOld(made, key))).toEqual([false, false, false]);
  });

  it('that ended has the lists by status and the overview asked for again', () => {
    const made = clientWith();
    applyEvent(made, 'detection', detection('a', 'succeeded', 1));
    expect([['detections', {}], ['detections', { status: 'running' }], ['overview']].map((key) => isOld(made, key))).toEqual([false, true, true]);
  });

  it('that is new has every list asked for again', () => {
    const made = clientWith();
    applyEvent(made, 'detection', detection('b', 'queued'));
    expect(isOld(made, ['detections', {}])).toBe(true);
  });
});

it('stepForward knows only jobs that run', () => {
  expect(stepForward(overview('a'), detection('b', 'running'))).toBeUndefined();
  expect(stepForward(overview('a'), detection('a', 'failed'))).toBeUndefined();
});
