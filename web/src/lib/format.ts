import type { Cell } from '@/api/datasets';

const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const dataTime = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const dataTimeShort = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export const dash = '–';

export function formatCount(value: number): string {
  return integer.format(value);
}

export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return dash;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(2);
  return size >= 1000 ? integer.format(value) : significant.format(value);
}

export function formatScore(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000 || (size < 0.001 && size > 0)) return formatNumber(value);
  return value.toFixed(size >= 100 ? 1 : size >= 1 ? 2 : 3);
}

export function formatP(value: number | null | undefined): string {
  if (value === null || value === undefined) return dash;
  if (value < 0.0001) return '< 0.0001';
  return value < 0.01 ? value.toFixed(4) : value.toFixed(3);
}

export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  if (percent > 99.99 && percent < 100) return '> 99.99 %';
  return `${Number(percent.toFixed(percent >= 10 && percent <= 99 ? 0 : 2))} %`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(size >= 100 ? 0 : 1)} ${units[unit]}`;
}

const instant = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00|(:\d\d(?:\.\d+)?))Z$/;

/** A value of the data; moments without the letters and seconds that only programs need. */
export function formatCell(value: Cell | undefined): string {
  if (value === null || value === undefined || value === '') return dash;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return value.replace(instant, (_, day: string, minute: string, second = '') => `${day} ${minute}${second}`);
}

/** A moment of the data, in UTC as it was read: the viewer's zone would move it. */
export function formatDataTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : dataTime.format(date);
}

/** The same, short enough for a column. */
export function formatDataTimeShort(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : dataTimeShort.format(date);
}

/** A moment of the platform, in the viewer's zone, which is named. */
export function formatAbsolute(iso: string): string {
  return `${dateTime.format(new Date(iso))} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

export function formatRelative(iso: string, nowMs: number): string {
  const seconds = (new Date(iso).getTime() - nowMs) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? 'just now' : relative.format(Math.round(seconds), 'second');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `isolation_forest` as a person writes it. */
export function algorithmLabel(name: string): string {
  const known: Record<string, string> = { stl: 'STL', mstl: 'MSTL', knn: 'kNN', lof: 'LOF', ecod: 'ECOD', copod: 'COPOD', hbos: 'HBOS', pca: 'PCA', iqr: 'IQR', modified_zscore: 'Modified z-score', zscore: 'Z-score', one_class_svm: 'One-class SVM', robust_mcd: 'Robust MCD' };
  const library = /^(sklearn|pyod):(.+)$/.exec(name);
  if (library !== null) return `${library[2]} (${library[1] === 'pyod' ? 'PyOD' : 'scikit-learn'})`;
  const text = name.replaceAll('_', ' ');
  return known[name] ?? text.charAt(0).toUpperCase() + text.slice(1);
}
