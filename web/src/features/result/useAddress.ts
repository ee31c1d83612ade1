import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';

import type { AnomalyFilter } from '@/api/detections';
import { isoOf, type Range } from '@/features/result/chartData';
import type { ResultSearch } from '@/router';

type Changes = { [name in keyof ResultSearch]?: ResultSearch[name] | undefined };

/** Keeps in the address what is looked at, so that a link shows a colleague the same and Back works. */
export function useAddress(id: string) {
  const navigate = useNavigate();
  return useMemo(() => {
    const change = (changes: Changes, replace: boolean) =>
      void navigate({
        to: '/detections/$id',
        params: { id },
        search: (before) => ({ ...before, ...changes }) as ResultSearch,
        replace,
        resetScroll: false,
      });
    return {
      select: (row: number | null) => change({ anomaly: row ?? undefined }, true),
      zoom: (range: Range | null) => change({ from: range === null ? undefined : isoOf(range.from), until: range === null ? undefined : isoOf(range.until) }, false),
      show: (column: string) => change({ column }, true),
      filter: ({ min_severity, verdict }: AnomalyFilter) => change({ severity: min_severity, verdict }, true),
      axes: (x: string, y: string) => change({ x, y }, true),
    };
  }, [navigate, id]);
}
