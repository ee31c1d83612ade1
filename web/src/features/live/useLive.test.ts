import { expect, it } from 'vitest';

import type { Detection } from '@/api/detections';
import { replaceIn } from '@/features/live/useLive';

const detection = (id: string, status: string) => ({ id, status }) as Detection;

it('replaceIn changes a detection where it stands, and leaves a list alone that does not have it', () => {
  const pages = { pages: [{ items: [detection('a', 'running'), detection('b', 'queued')], next: null }], pageParams: [null] };
  const changed = replaceIn(pages, detection('b', 'running'));
  expect(changed?.pages[0]?.items.map((item) => item.status)).toEqual(['running', 'running']);
  expect(pages.pages[0]?.items[1]?.status).toBe('queued');
  expect(replaceIn(pages, detection('c', 'running'))).toBeUndefined();
});
