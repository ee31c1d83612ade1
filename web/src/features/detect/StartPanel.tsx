import { Button, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useRef } from 'react';

import { type NewDetection, type Priority, startDetection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { keepAnswer } from '@/features/detections/queries';
import type { Setup } from '@/features/detect/setup';
import { newKey } from '@/lib/keys';

import classes from './StartPanel.module.css';

interface Props {
  setup: Setup;
  onChange: (setup: Setup) => void;
  problem: string | null;
  blocked: boolean;
  /** What would be ordered; undefined while that is not known yet. */
  order: NewDetection | undefined;
  /** What is about to happen, in a few words. */
  words: string;
}

const priorities: { value: Priority; label: string }[] = [
  { value: 'high', label: 'First' },
  { value: 'normal', label: 'In turn' },
  { value: 'low', label: 'When idle' },
];

/** The last questions, and the button. */
export function StartPanel({ setup, onChange, problem, blocked, order, words }: Props) {
  const client = useQueryClient();
  const router = useRouter();
  // The same order tried again after a lost answer is taken once; another order is another one.
  const tried = useRef({ text: '', key: '' });
  const start = useMutation({
    mutationFn: (body: NewDetection) => {
      const text = JSON.stringify(body);
      if (tried.current.text !== text) tried.current = { text, key: newKey() };
      return startDetection(body, tried.current.key);
    },
    onSuccess: async (detection) => {
      keepAnswer(client, detection);
      for (const key of ['detections', 'overview']) void client.invalidateQueries({ queryKey: [key] });
      await router.navigate({ to: '/detections/$id', params: { id: detection.id }, search: {} });
    },
  });
  return (
    <div className={classes['start']}>
      <TextInput
        label="Name"
        placeholder="Optional, to find it again"
        maxLength={200}
        value={setup.name}
        onChange={(event) => onChange({ ...setup, name: event.currentTarget.value })}
      />
      <div>
        <Text size="sm" fw={600} mb={4} id="priority-label">
          When it runs
        </Text>
        <SegmentedControl
          fullWidth
          aria-labelledby="priority-label"
          data={priorities}
          value={setup.priority}
          onChange={(priority) => onChange({ ...setup, priority: priority as Priority })}
        />
      </div>
      {start.isError && <ErrorState error={start.error} title="The detection did not start" />}
      {problem !== null && (
        <Text size="sm" role="status" fw={500}>
          {problem}
        </Text>
      )}
      <Button size="md" fullWidth disabled={blocked || order === undefined} loading={start.isPending} onClick={() => order !== undefined && start.mutate(order)}>
        Start detection
      </Button>
      <Text size="xs" className="soft" ta="center">
        {words}
      </Text>
    </div>
  );
}
