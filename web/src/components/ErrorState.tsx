import { Button, Code, Group, Text } from '@mantine/core';

import { ApiError } from '@/api/client';
import { Notice } from '@/components/Notice';

interface Props {
  error: Error;
  title?: string;
  onRetry?: () => void;
}

function titleOf(error: Error): string {
  if (!(error instanceof ApiError)) return 'Something went wrong on this page';
  if (error.unreachable) return 'The server cannot be reached';
  if (error.status === 403) return 'Your role does not allow this';
  if (error.status === 404) return 'Not found';
  return error.status >= 500 ? 'The server failed' : 'This did not work';
}

/** What happened, what to do, and the id by which an administrator finds it in the log. */
export function ErrorState({ error, title, onRetry }: Props) {
  const known = error instanceof ApiError ? error : null;
  const hint = known?.hint ?? (known?.status === 403 ? 'Ask an administrator of your tenant for the permission.' : null);
  return (
    <Notice tone="error" title={title ?? titleOf(error)}>
      <Text size="sm" className="data-text">
        {error.message}
      </Text>
      {hint !== null && (
        <Text size="sm" mt={4} className="data-text">
          {hint}
        </Text>
      )}
      <Group mt="sm" gap="md">
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        {known !== null && known.status !== 0 && (
          <Text size="xs" className="soft">
            <Code>{known.code}</Code>
            {known.requestId !== null && (
              <>
                {' '}
                request <Code>{known.requestId}</Code>
              </>
            )}
          </Text>
        )}
      </Group>
    </Notice>
  );
}
