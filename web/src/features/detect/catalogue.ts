/** Arranges the algorithms for whoever chooses one. */

import type { Algorithm } from '@/api/algorithms';
import { algorithmLabel } from '@/lib/format';

const familyWords: Record<string, string> = {
  statistical: 'Statistical',
  neighbours: 'Neighbours and density',
  timeseries: 'Time series',
  trees: 'Trees',
  linear: 'Linear and kernel',
  ensemble: 'Several together',
  sklearn: 'From scikit-learn',
  pyod: 'From PyOD',
};

export function familyLabel(family: string): string {
  return familyWords[family] ?? algorithmLabel(family);
}

/** Those whose name, family or summary hold every word that is sought. */
export function fitting(algorithms: Algorithm[], sought: string): Algorithm[] {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  return algorithms.filter((algorithm) => {
    const text = `${algorithm.name} ${algorithmLabel(algorithm.name)} ${familyLabel(algorithm.family)} ${algorithm.summary}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface Group {
  /** As it is shown; '' for the recommended one, which stands alone above the others. */
  family: string;
  items: Algorithm[];
}

/** The recommended one first, the detectors of other libraries last. */
function place(family: string): number {
  if (family === '') return 0;
  return family === familyWords['sklearn'] || family === familyWords['pyod'] ? 2 : 1;
}

/** By family, what is installed before what is not; the recommended one first. */
export function grouped(algorithms: Algorithm[], recommended: string): Group[] {
  const groups = new Map<string, Algorithm[]>();
  const ordered = algorithms.toSorted((left, right) => Number(right.installed) - Number(left.installed) || left.name.localeCompare(right.name));
  for (const algorithm of ordered) {
    const family = algorithm.name === recommended ? '' : familyLabel(algorithm.family);
    groups.set(family, [...(groups.get(family) ?? []), algorithm]);
  }
  return [...groups]
    .map(([family, items]) => ({ family, items }))
    .toSorted((left, right) => place(left.family) - place(right.family) || left.family.localeCompare(right.family));
}
