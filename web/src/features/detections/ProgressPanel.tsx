import { Button, Group, Paper, Progress, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { cancelDetection, type Detection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { keepAnswer } from '@/features/detections/queries';
import { useLiveState } from '@/features/live/useLive';
import { useMay } from '@/features/session/permissions';
import { formatPercent } from '@/lib/format';
import { stageWords } from '@/lib/stages';

/** What a detection does right now, with the way to stop it. */
export function ProgressPanel({ detection }: { detection: Detection }) {
  const live = useLiveState();
  const client = useQueryClient();
  const mayCancel = useMay('detections.write');
  const cancel = useMutation({
    mutationFn: () => cancelDetection(detection.id),
    onSuccess: (changed) => keepAnswer(client, changed),
  });
  const fraction = detection.progress?.fraction ?? 0;
  return (
    <Paper component="section" aria-labelledby="progress-title">
      <Group justify="space-between" mb="sm">
        <Title order={2} id="progress-title" aria-live="polite">
          {stageWords(detection.status, detection.progress?.stage)}
        </Title>
        <Text className="tabular soft">{formatPercent(fraction)}</Text>
      </Group>
      <Progress value={Math.max(fraction * 100, 2)} animated size="lg" aria-label="Progress of the detection" />
      <Group justify="space-between" mt="md">
        <Text size="sm" className="soft">
          {live === 'open'
            ? 'You can leave this page; the detection goes on and its result will be in your list.'
            : 'Reconnecting to live updates; the detection goes on meanwhile.'}
        </Text>
        {mayCancel && (
          <Button variant="default" size="xs" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the detection
          </Button>
        )}
      </Group>
      {cancel.isError && <ErrorState error={cancel.error} title="It was not cancelled" />}
    </Paper>
  );
}
