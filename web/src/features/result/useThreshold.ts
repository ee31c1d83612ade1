import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { type Detection, putThreshold, type ThresholdKind } from '@/api/detections';

export interface ThresholdControl {
  /** Where the line stands: the dragged place, or the stored one. */
  cutoff: number | null;
  dragging: boolean;
  saving: boolean;
  error: Error | null;
  drag: (cutoff: number) => void;
  /** Keeps a score as the threshold. */
  release: (cutoff: number) => void;
  choose: (kind: ThresholdKind, value: number) => void;
}

export function useThreshold(detection: Detection): ThresholdControl {
  const client = useQueryClient();
  const [draft, setDraft] = useState<number | null>(null);
  const save = useMutation({
    mutationFn: ({ kind, value }: { kind: ThresholdKind; value: number }) => putThreshold(detection.id, kind, value),
    onSuccess: (changed) => {
      client.setQueryData(['detection', changed.id], changed);
      for (const key of ['detections', 'overview']) void client.invalidateQueries({ queryKey: [key] });
    },
    onSettled: () => setDraft(null),
  });
  const stored = detection.summary?.threshold.score_cutoff ?? null;
  return {
    cutoff: draft ?? stored,
    dragging: draft !== null,
    saving: save.isPending,
    error: save.error,
    drag: setDraft,
    release: (cutoff) => {
      setDraft(cutoff);
      save.mutate({ kind: 'score', value: cutoff });
    },
    choose: (kind, value) => save.mutate({ kind, value }),
  };
}
