import { describe, expect, it } from 'vitest';

import { algorithmLabel, formatBytes, formatCell, formatDataTime, formatNumber, formatP, formatPercent, formatRelative, formatScore, plural } from '@/lib/format';

describe('numbers', () => {
  it('are short, and keep what matters', () => {
    expect(formatNumber(28348)).toBe('28,348');
    expect(formatNumber(1.04512)).toBe('1.045');
    expect(formatNumber(null)).toBe('–');
    expect(formatNumber(2.5e-7)).toBe('2.50e-7');
    expect(formatScore(44.789)).toBe('44.79');
    expect(formatScore(0.5)).toBe('0.500');
  });

  it('never round a p-value to nothing', () => {
    expect(formatP(1e-9)).toBe('< 0.0001');
    expect(formatP(0.0007)).toBe('0.0007');
    expect(formatP(0.05)).toBe('0.050');
    expect(formatP(null)).toBe('–');
  });

  it('never round a share to all or nothing', () => {
    expect(formatPercent(0.00001)).toBe('< 0.01 %');
    expect(formatPercent(0.99999)).toBe('> 99.99 %');
    expect(formatPercent(0.05)).toBe('5 %');
    expect(formatPercent(0.0138)).toBe('1.38 %');
    expect(formatPercent(0)).toBe('0 %');
    expect(formatPercent(1)).toBe('100 %');
  });

  it('carry units', () => {
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(265_771)).toBe('266 kB');
    expect(formatBytes(1.5e9)).toBe('1.5 GB');
    expect(plural(1, 'anomaly', 'anomalies')).toBe('1 anomaly');
    expect(plural(1200, 'row')).toBe('1,200 rows');
  });
});

describe('moments', () => {
  it('of the data stay as they were read', () => {
    expect(formatDataTime('2015-01-01T01:30:00Z')).toBe('Thu, 1 Jan 2015, 01:30');
    expect(formatDataTime('not a time')).toBe('not a time');
  });

  it('of the platform are told from now', () => {
    const now = Date.parse('2026-01-01T12:00:00Z');
    expect(formatRelative('2026-01-01T11:59:57Z', now)).toBe('just now');
    expect(formatRelative('2026-01-01T11:40:00Z', now)).toBe('20 minutes ago');
    expect(formatRelative('2025-12-31T11:00:00Z', now)).toBe('yesterday');
  });
});

it('cells show what they hold', () => {
  expect(formatCell(true)).toBe('true');
  expect(formatCell('')).toBe('–');
  expect(formatCell('<b>x</b>')).toBe('<b>x</b>');
  expect(formatCell('2014-07-01T00:30:00Z')).toBe('2014-07-01 00:30');
  expect(formatCell('2014-07-01T00:30:05.25Z')).toBe('2014-07-01 00:30:05.25');
  expect(formatCell('at 2014-07-01T00:30:00Z')).toBe('at 2014-07-01T00:30:00Z');
});

it('algorithms have readable names', () => {
  expect(algorithmLabel('stl')).toBe('STL');
  expect(algorithmLabel('isolation_forest')).toBe('Isolation forest');
  expect(algorithmLabel('pyod:KDE')).toBe('KDE (PyOD)');
});
