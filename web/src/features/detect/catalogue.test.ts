import { expect, it } from 'vitest';

import type { Algorithm } from '@/api/algorithms';
import { fitting, grouped } from '@/features/detect/catalogue';

const algorithm = (name: string, family: string, installed = true) => ({ name, family, installed, summary: `Judges by ${family}.` }) as Algorithm;
const all = [algorithm('knn', 'neighbours'), algorithm('lof', 'neighbours'), algorithm('ecod', 'statistical'), algorithm('pyod:KDE', 'pyod', false), algorithm('pyod:ABOD', 'pyod')];

it('all are shown by family, the recommended one alone and first', () => {
  expect(grouped(all, 'knn').map(({ family, items }) => [family, items.map(({ name }) => name)])).toEqual([
    ['', ['knn']],
    ['Neighbours and density', ['lof']],
    ['Statistical', ['ecod']],
    ['From PyOD', ['pyod:ABOD', 'pyod:KDE']],
  ]);
});

it('a search looks at names, families and summaries', () => {
  expect(fitting(all, ' PyOD kde ').map(({ name }) => name)).toEqual(['pyod:KDE']);
  expect(fitting(all, 'neighbours').map(({ name }) => name)).toEqual(['knn', 'lof']);
  expect(fitting(all, '')).toHaveLength(5);
});
