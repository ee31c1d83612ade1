import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';

import { type Feedback, giveFeedback, type Verdict, withdrawFeedback } from '@/api/feedback';
import { showFeedback, shownFeedback, storyKey } from '@/features/feedback/cache';

/** What somebody wants to be known about a row; null withdraws what was said. */
export interface Wish {
  index: number;
  says: { verdict: Verdict | null; note: string | null } | null;
}

export interface FeedbackFailure {
  wish: Wish;
  error: Error;
  /** What the server has kept. */
  kept: Feedback | null;
}

export interface FeedbackControl {
  /** Gives a verdict; a note that was written before stays. */
  judge: (index: number, verdict: Verdict) => void;
  /** Writes a note; the verdict stays. */
  annotate: (index: number, note: string | null) => void;
  withdraw: (index: number) => void;
  saving: boolean;
  failure: FeedbackFailure | null;
  retry: () => void;
  forgetFailure: () => void;
}

interface Row {
  kept: Feedback | null;
  pending: number;
}

/**
 * Says what a person thinks of the rows of a detection. It shows at once, in every list and page that has the row; where
 * the server does not take it, what the server has kept comes back and `failure` tells so. Requests go one after another.
 */
export function useFeedback(detectionId: string): FeedbackControl {
  const client = useQueryClient();
  const rows = useRef(new Map<number, Row>());
  const [failure, setFailure] = useState<FeedbackFailure | null>(null);

  const save = useMutation({
    scope: { id: `feedback ${detectionId}` },
    mutationFn: async ({ index, says }: Wish): Promise<Feedback | null> => {
      if (says !== null) return giveFeedback({ detection_id: detectionId, index, ...says });
      const kept = rows.current.get(index)?.kept ?? null;
      if (kept !== null) await withdrawFeedback(kept.id);
      return null;
    },
    onSuccess: (kept, { index }) => {
      const row = rows.current.get(index);
      if (row !== undefined) row.kept = kept;
      if (row?.pending === 1) showFeedback(client, detectionId, index, kept);
    },
    onError: (error, wish) => {
      const kept = rows.current.get(wish.index)?.kept ?? null;
      showFeedback(client, detectionId, wish.index, kept);
      setFailure({ wish, error, kept });
    },
    onSettled: (_answer, _error, { index }) => {
      const row = rows.current.get(index);
      if (row === undefined) return;
      row.pending -= 1;
      if (row.pending > 0) return;
      rows.current.delete(index);
      void client.invalidateQueries({ queryKey: storyKey(detectionId) });
      void client.invalidateQueries({ queryKey: ['overview'] });
    },
  });

  const { mutate } = save;
  const wish = useCallback(
    (index: number, says: Wish['says']) => {
      const row = rows.current.get(index) ?? { kept: shownFeedback(client, detectionId, index), pending: 0 };
      rows.current.set(index, { kept: row.kept, pending: row.pending + 1 });
      setFailure(null);
      // Who said it and when is the server's to tell; until it does, the identifier is empty.
      const shown = says && { id: '', detection_id: detectionId, index, ...says, user: null, created_at: new Date().toISOString() };
      showFeedback(client, detectionId, index, shown);
      mutate({ index, says });
    },
    [client, detectionId, mutate],
  );
  const judge = useCallback(
    (index: number, verdict: Verdict) => {
      const shown = shownFeedback(client, detectionId, index);
      if (shown?.verdict !== verdict) wish(index, { verdict, note: shown?.note ?? null });
    },
    [client, detectionId, wish],
  );
  const annotate = useCallback(
    (index: number, note: string | null) => {
      const verdict = shownFeedback(client, detectionId, index)?.verdict ?? null;
      wish(index, verdict === null && note === null ? null : { verdict, note });
    },
    [client, detectionId, wish],
  );
  const withdraw = useCallback(
    (index: number) => {
      if (shownFeedback(client, detectionId, index) !== null) wish(index, null);
    },
    [client, detectionId, wish],
  );
  return {
    judge,
    annotate,
    withdraw,
    saving: save.isPending,
    failure,
    retry: () => failure !== null && wish(failure.wish.index, failure.wish.says),
    forgetFailure: () => setFailure(null),
  };
}
