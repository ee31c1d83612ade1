import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { Dialog } from '@/components/Dialog';
import { ErrorState } from '@/components/ErrorState';

interface Props {
  opened: boolean;
  title: string;
  /** What will be gone. */
  children: ReactNode;
  /** The button that does it, such as "Delete the dataset". */
  action: string;
  pending: boolean;
  error: Error | null;
  /** The button that leaves everything as it is. */
  keep?: string;
  /** What is asked can be taken back: no red. */
  calm?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be undone; a refusal is told in the same place. */
export function Confirm({ opened, title, children, action, pending, error, keep = 'Keep it', calm = false, onConfirm, onClose }: Props) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Stack>
        <Text size="sm" component="div" className="data-text">
          {children}
        </Text>
        {error !== null && <ErrorState error={error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {keep}
          </Button>
          <Button {...(calm ? {} : { color: 'red.8', autoContrast: false })} loading={pending} onClick={onConfirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
