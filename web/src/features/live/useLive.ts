import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState } from 'react';

import type { Page } from '@/api/datasets';
import type { Detection } from '@/api/detections';
import { type LiveState, openEvents } from '@/api/events';

export const LiveContext = createContext<LiveState>('connecting');

export function useLiveState(): LiveState {
  return useContext(LiveContext);
}

type Pages = InfiniteData<Page<Detection>>;

/** Puts a changed detection in its place of the list; undefined where the list does not have it. */
export function replaceIn(pages: Pages, detection: Detection): Pages | undefined {
  let found = false;
  const replaced = pages.pages.map((page) => ({
    ...page,
    items: page.items.map((item) => {
      if (item.id !== detection.id) return item;
      found = true;
      return detection;
    }),
  }));
  return found ? { ...pages, pages: replaced } : undefined;
}

/** Keeps what is shown true to the server's events for as long as somebody is signed in. */
export function useLiveUpdates(): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    let wasLost = false;
    return openEvents({
      onDetection: (detection) => {
        client.setQueryData(['detection', detection.id], detection);
        const list = client.getQueryData<Pages>(['detections']);
        const replaced = list === undefined ? undefined : replaceIn(list, detection);
        if (replaced === undefined) void client.invalidateQueries({ queryKey: ['detections'] });
        else client.setQueryData(['detections'], replaced);
      },
      onState: (next) => {
        // Whatever changed while nobody listened was missed.
        if (next === 'open' && wasLost) {
          void client.invalidateQueries({ queryKey: ['detections'] });
          void client.invalidateQueries({ queryKey: ['detection'] });
        }
        wasLost = next === 'lost' || (wasLost && next !== 'open');
        setState(next);
      },
    });
  }, [client]);
  return state;
}
