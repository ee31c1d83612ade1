import type { Feedback, Verdict } from '@/api/feedback';

/** What a person calls a verdict. */
export const verdictWords: Record<Verdict, string> = { true: 'confirmed', false: 'dismissed' };

/** What a reader is told about a row, as the end of a sentence. */
export function stateOf(feedback: Feedback | null): string {
  if (feedback === null || (feedback.verdict === null && feedback.note === null)) return 'not reviewed';
  return feedback.verdict === null ? 'noted, without a verdict' : verdictWords[feedback.verdict];
}
