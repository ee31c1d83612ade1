import { Text } from '@mantine/core';

import { ErrorState } from '@/components/ErrorState';
import type { FeedbackControl } from '@/features/feedback/useFeedback';
import { stateOf } from '@/features/feedback/words';

/** Says that feedback was not taken, and what the server has kept. */
export function FeedbackFailure({ control, of }: { control: FeedbackControl; of: string }) {
  const { failure } = control;
  if (failure === null) return null;
  return (
    <div>
      <ErrorState error={failure.error} title={`What you said about ${of} was not saved`} onRetry={control.retry} />
      <Text size="sm" mt={6} role="status">
        On the server it is {stateOf(failure.kept)}, as before.
      </Text>
    </div>
  );
}
