import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState } from 'react';

import { type LiveState, openEvents } from '@/api/events';
import { applyEvent, applyReturn } from '@/features/live/apply';

export const LiveContext = createContext<LiveState>('connecting');

export function useLiveState(): LiveState {
  return useContext(LiveContext);
}

/** Keeps what is shown true to the server's events for as long as somebody is signed in. */
export function useLiveUpdates(): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    let wasLost = false;
    return openEvents({
      onEvent: (topic, subject) => applyEvent(client, topic, subject),
      onState: (next) => {
        if (next === 'open' && wasLost) applyReturn(client);
        wasLost = next === 'lost' || (wasLost && next !== 'open');
        setState(next);
      },
    });
  }, [client]);
  return state;
}
