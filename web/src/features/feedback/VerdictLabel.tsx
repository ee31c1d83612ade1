import type { Verdict } from '@/api/feedback';
import { CheckIcon } from '@/components/icons';
import { verdictWords } from '@/features/feedback/words';

import classes from './feedback.module.css';

export function CrossIcon({ size = 18 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round">
      <path d="m6.5 6.5 11 11m0-11-11 11" />
    </svg>
  );
}

export function VerdictIcon({ verdict, size }: { verdict: Verdict; size?: number }) {
  return verdict === 'true' ? <CheckIcon {...(size === undefined ? {} : { size })} /> : <CrossIcon {...(size === undefined ? {} : { size })} />;
}

/** What was said about a row: told by a sign and a word. Nothing where nothing was said. */
export function VerdictLabel({ verdict }: { verdict: Verdict | null }) {
  if (verdict === null) return null;
  return (
    <span className={classes['label']} data-verdict={verdict}>
      <VerdictIcon verdict={verdict} size={14} />
      {verdictWords[verdict]}
    </span>
  );
}
