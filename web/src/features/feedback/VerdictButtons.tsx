import { ActionIcon, Button, Group, Kbd, Tooltip } from '@mantine/core';

import type { Feedback, Verdict } from '@/api/feedback';
import { VerdictIcon } from '@/features/feedback/VerdictLabel';
import { stateOf } from '@/features/feedback/words';

import classes from './feedback.module.css';

interface Props {
  feedback: Feedback | null;
  /** What is judged, for a screen reader: "row 12". */
  of: string;
  onJudge: (verdict: Verdict) => void;
  onWithdraw: () => void;
  /** Only signs, for the rows of a list. */
  compact?: boolean;
  className?: string | undefined;
}

const choices: { verdict: Verdict; word: string; key: string }[] = [
  { verdict: 'true', word: 'Confirm', key: 'y' },
  { verdict: 'false', word: 'Dismiss', key: 'n' },
];

/** Confirm or dismiss; the one that holds is pressed, and pressing it again takes it back. */
export function VerdictButtons({ feedback, of, onJudge, onWithdraw, compact = false, className }: Props) {
  const holds = feedback?.verdict ?? null;
  return (
    <Group gap={compact ? 4 : 'sm'} wrap="nowrap" role="group" aria-label={`Verdict on ${of}: ${stateOf(feedback)}`} className={className}>
      {choices.map(({ verdict, word, key }) => {
        const pressed = holds === verdict;
        const act = () => (pressed ? onWithdraw() : onJudge(verdict));
        const shared = { 'aria-pressed': pressed, 'aria-keyshortcuts': key, variant: pressed ? 'filled' : 'default', onClick: act };
        return compact ? (
          <Tooltip key={verdict} label={pressed ? `${word}ed; press to take it back` : word}>
            <ActionIcon {...shared} size="sm" aria-label={`${word} ${of}`} onClick={(event) => (event.stopPropagation(), act())}>
              <VerdictIcon verdict={verdict} size={14} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <Button
            key={verdict}
            {...shared}
            leftSection={<VerdictIcon verdict={verdict} size={16} />}
            rightSection={
              <Kbd size="xs" className={classes['key']}>
                {key}
              </Kbd>
            }
          >
            {pressed ? `${word}ed` : word}
          </Button>
        );
      })}
    </Group>
  );
}
