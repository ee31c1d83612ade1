import { useEffect } from 'react';

import type { Anomaly } from '@/api/detections';
import type { Verdict } from '@/api/feedback';
import { useKeys } from '@/features/feedback/useKeys';

interface Triage {
  anomalies: Anomaly[];
  selected: number | null;
  onSelect: (row: number | null) => void;
  /** Missing for who may not judge. */
  onJudge: ((row: number, verdict: Verdict) => void) | undefined;
  onWithdraw: ((row: number) => void) | undefined;
  onOpen: (row: number) => void;
}

/** Whether Enter does something where the focus is; then it is not ours. */
function answersEnter(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a, button, input, select, textarea, summary, [role=slider], [role=dialog], [role=menu], [role=listbox]') !== null;
}

/** `j` and `k` walk through the ranked anomalies, `y` and `n` judge the selected one, `u` takes that back, Enter opens its page, Escape lets it go. */
export function useTriageKeys({ anomalies, selected, onSelect, onJudge, onWithdraw, onOpen }: Triage): void {
  const position = anomalies.findIndex((anomaly) => anomaly.index === selected);
  const go = (to: number) => () => {
    const next = anomalies[to];
    if (next !== undefined) onSelect(next.index);
  };
  const judge = (verdict: Verdict) => (selected === null || onJudge === undefined ? undefined : () => onJudge(selected, verdict));
  useKeys({
    j: go(position + 1),
    k: go(Math.max(position - 1, 0)),
    y: judge('true'),
    n: judge('false'),
    u: selected === null || onWithdraw === undefined ? undefined : () => onWithdraw(selected),
    Escape: selected === null ? undefined : () => onSelect(null),
  });
  useEffect(() => {
    if (selected === null) return;
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || event.defaultPrevented || answersEnter(event.target)) return;
      event.preventDefault();
      onOpen(selected);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [selected, onOpen]);
}
