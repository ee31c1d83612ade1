import { useEffect } from 'react';

import type { Anomaly } from '@/api/detections';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** `j` and `k` walk through the ranked anomalies, Escape closes. */
export function useNextKeys(anomalies: Anomaly[], selected: number | null, onSelect: (row: number | null) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const position = anomalies.findIndex((anomaly) => anomaly.index === selected);
      if (event.key === 'Escape' && selected !== null) onSelect(null);
      if (event.key !== 'j' && event.key !== 'k') return;
      const next = anomalies[event.key === 'j' ? position + 1 : Math.max(position - 1, 0)];
      if (next !== undefined) onSelect(next.index);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [anomalies, selected, onSelect]);
}
