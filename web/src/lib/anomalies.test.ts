import { describe, expect, it } from 'vitest';

import type { Anomaly, Detection, Explanation } from '@/api/detections';
import { expectedOf, leadingColumn, severityLookup, summarySentence } from '@/lib/anomalies';

const explanation: Explanation = {
  method: 'residual',
  sentence: 'value is 28,348, "high"',
  contributions: [{ feature: 'value', value: 28348, contribution: 44.79, typical: 5000 }],
  counterfactual: { value: 5116 },
};
const anomaly: Anomaly = {
  rank: 1, index: 8835, row_id: null, time: '2015-01-01T01:30:00Z', entity: null, score: 44.79, p_value: 1e-7, confidence: 1, severity: 'critical',
  values: { value: 28348, place: '=cmd' },
  explanation, feedback: null,
};

describe('expectedOf', () => {
  it('prefers what would have been normal to what is typical', () => {
    expect(expectedOf(anomaly, 'value')).toBe(5116);
    expect(expectedOf({ ...anomaly, explanation: { ...explanation, counterfactual: null } }, 'value')).toBe(5000);
    expect(expectedOf({ ...anomaly, explanation: null }, 'value')).toBeUndefined();
  });
});

it('leadingColumn is the one that did most', () => {
  expect(leadingColumn(anomaly)).toBe('value');
  expect(leadingColumn({ ...anomaly, explanation: null, values: { other: 1 } })).toBe('other');
});

it('severityLookup takes rows that are not loaded to be no worse than the last that is', () => {
  const lookup = severityLookup([anomaly, { ...anomaly, index: 2, severity: 'medium' }]);
  expect([lookup(8835), lookup(2), lookup(77)]).toEqual(['critical', 'medium', 'medium']);
  expect(severityLookup([])(1)).toBe('low');
});

it('summarySentence says what the chart shows', () => {
  const summary = { n_rows: 10320, n_anomalies: 3, threshold: { kind: 'fdr' as const, value: 0.05, score_cutoff: 11 }, severities: { low: 2, medium: 0, high: 0, critical: 1 } };
  const detection = { summary } as Detection;
  expect(summarySentence(detection, anomaly)).toBe(
    '3 anomalies in 10,320 rows: 1 critical, 2 low. The most severe: Thu, 1 Jan 2015, 01:30, score 44.79, p-value < 0.0001.',
  );
  expect(summarySentence({ ...detection, summary: { ...summary, n_anomalies: 0 } }, undefined)).toBe(
    'None of 10,320 rows is an anomaly at the present threshold.',
  );
});
