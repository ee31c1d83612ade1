import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { deleteDetection, type Detection } from '@/api/detections';
import { Confirm } from '@/components/Confirm';
import { formatAbsolute, plural } from '@/lib/format';

/** Deletes a detection after asking; `onDeleted` goes where the page should be then. */
export function useDelete(onDeleted?: () => void) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Detection | null>(null);
  const remove = useMutation({
    mutationFn: (detection: Detection) => deleteDetection(detection.id),
    onSuccess: (_, detection) => {
      setAsked(null);
      onDeleted?.();
      client.removeQueries({ queryKey: ['detection', detection.id] });
      for (const key of ['detections', 'overview']) void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const dialog = (
    <Confirm
      opened={asked !== null}
      title="Delete this detection?"
      action="Delete the detection"
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => asked !== null && remove.mutate(asked)}
      onClose={() => {
        setAsked(null);
        remove.reset();
      }}
    >
      {asked !== null && (
        <>
          The detection in <strong>{asked.dataset.name}</strong>, started {formatAbsolute(asked.created_at)}, goes with its result
          {asked.summary !== null && `, its ${plural(asked.summary.n_anomalies, 'anomaly', 'anomalies')}`} and what was said about them. The dataset stays.
        </>
      )}
    </Confirm>
  );
  return { ask: setAsked, dialog };
}
