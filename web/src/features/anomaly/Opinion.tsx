import { Button, Group, Kbd, Text, Textarea } from '@mantine/core';
import { type RefObject, useEffect, useState } from 'react';

import type { Feedback } from '@/api/feedback';
import { RelativeTime } from '@/components/RelativeTime';
import { useDraft } from '@/features/anomaly/useDraft';
import { FeedbackFailure } from '@/features/feedback/FeedbackFailure';
import type { FeedbackControl } from '@/features/feedback/useFeedback';
import { VerdictButtons } from '@/features/feedback/VerdictButtons';
import { VerdictLabel } from '@/features/feedback/VerdictLabel';
import { stateOf } from '@/features/feedback/words';

import classes from './Opinion.module.css';

const longestNote = 4000;

interface Props {
  row: number;
  /** What is judged, in words. */
  of: string;
  detectionId: string;
  feedback: Feedback | null;
  history: Feedback[];
  control: FeedbackControl;
  noteField: RefObject<HTMLTextAreaElement | null>;
  mayWrite: boolean;
}

function State({ feedback, saving }: { feedback: Feedback | null; saving: boolean }) {
  const by = feedback?.user?.username;
  return (
    <Text size="sm" className="soft" role="status">
      {feedback === null ? 'Nobody has reviewed it yet.' : `It is ${stateOf(feedback)}`}
      {feedback !== null && by !== undefined && (
        <>
          {' '}
          by <span className="data-text">{by}</span>, <RelativeTime iso={feedback.created_at} />
        </>
      )}
      {feedback !== null && by === undefined && saving && ', saving…'}
      {feedback !== null && (by !== undefined || !saving) && '.'}
    </Text>
  );
}

function Note({ row, of, detectionId, feedback, control, noteField }: Omit<Props, 'history' | 'mayWrite'>) {
  const kept = feedback?.note ?? '';
  const [draft, setDraft] = useDraft(`note ${detectionId} ${row}`);
  const [focused, setFocused] = useState(false);
  const text = draft ?? kept;
  const changed = draft !== null && draft.trim() !== kept;
  const save = () => {
    if (!changed) return;
    control.annotate(row, text.trim() === '' ? null : text.trim());
  };
  // What was written stays until the server has it: a refusal must not lose it.
  const arrived = draft !== null && !changed && feedback?.id !== '';
  useEffect(() => {
    if (arrived && !focused) setDraft(null);
  }, [arrived, focused, setDraft]);
  return (
    <div>
      <Textarea
        ref={noteField}
        label="Note"
        description={focused || changed ? 'Ctrl + Enter saves. What you write here is kept in this browser until then.' : undefined}
        placeholder="What is behind it? Colleagues see this."
        aria-keyshortcuts="e"
        aria-label={`Note on ${of}`}
        autosize
        minRows={2}
        maxRows={12}
        maxLength={longestNote}
        value={text}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            save();
            event.currentTarget.blur();
          }
          if (event.key === 'Escape') {
            event.stopPropagation();
            event.currentTarget.blur();
          }
        }}
      />
      {changed && (
        <Group gap="xs" mt="xs">
          <Button size="xs" onClick={save}>
            Save the note
          </Button>
          <Button size="xs" variant="default" onClick={() => setDraft(null)}>
            Back to the saved one
          </Button>
        </Group>
      )}
    </div>
  );
}

function History({ history }: { history: Feedback[] }) {
  if (history.length === 0) return null;
  return (
    <div>
      <h2 className={classes['subtitle']}>What was said before</h2>
      <ol className={classes['history']}>
        {history.map((said) => (
          <li key={said.id}>
            <div className={classes['said']}>
              {said.verdict === null ? <span className="soft">{said.note === null ? 'withdrawn' : 'note'}</span> : <VerdictLabel verdict={said.verdict} />}
              <span className="soft data-text">
                {said.user?.username ?? 'a deleted user'}, <RelativeTime iso={said.created_at} />
              </span>
            </div>
            {said.note !== null && <p className="data-text">{said.note}</p>}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** What people say about an anomaly: the verdict, the note and the history. */
export function Opinion(props: Props) {
  const { row, of, feedback, history, control, mayWrite } = props;
  // The first of the history is what holds, unless it is just being replaced.
  const earlier = history.filter((said) => said.id !== feedback?.id);
  return (
    <div className={classes['opinion']}>
      {mayWrite && (
        <VerdictButtons feedback={feedback} of={of} onJudge={(verdict) => control.judge(row, verdict)} onWithdraw={() => control.withdraw(row)} className={classes['buttons']} />
      )}
      <State feedback={feedback} saving={control.saving} />
      {control.failure !== null && (
        <div className={classes['failure']}>
          <FeedbackFailure control={control} of={of} />
        </div>
      )}
      {mayWrite ? (
        <Note key={row} {...props} />
      ) : (
        <>
          {feedback !== null && feedback.note !== null && <p className={`${classes['readNote']} data-text`}>{feedback.note}</p>}
          <Text size="xs" className="soft">
            Your role reads. An analyst or an administrator confirms and dismisses.
          </Text>
        </>
      )}
      {mayWrite && (
        <Text size="xs" className={`soft ${classes['keys']}`}>
          <Kbd size="xs">y</Kbd> confirm, <Kbd size="xs">n</Kbd> dismiss, <Kbd size="xs">u</Kbd> take it back, <Kbd size="xs">e</Kbd> note, <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> next,
          previous, <Kbd size="xs">Esc</Kbd> back to the list
        </Text>
      )}
      <History history={earlier} />
    </div>
  );
}
