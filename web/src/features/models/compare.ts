/** Two versions side by side, line by line. */

import type { ModelVersion } from '@/api/models';
import { algorithmLabel, dash, formatBytes, formatCount, formatNumber, formatPercent } from '@/lib/format';

export interface Line {
  name: string;
  left: string;
  right: string;
  differs: boolean;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'automatic';
  if (typeof value === 'number') return formatNumber(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function factsOf(version: ModelVersion): [string, string][] {
  const { summary } = version;
  const severities = summary === null ? dash : (['critical', 'high', 'medium', 'low'] as const).filter((name) => summary.severities[name] > 0).map((name) => `${formatCount(summary.severities[name])} ${name}`).join(', ') || 'none';
  return [
    ['Algorithm', algorithmLabel(version.algorithm)],
    ['Learned from', version.dataset?.name ?? dash],
    ['Rows', summary === null ? dash : formatCount(summary.n_rows)],
    ['Flagged there', summary === null ? dash : `${formatCount(summary.n_anomalies)} (${formatPercent(summary.n_rows === 0 ? 0 : summary.n_anomalies / summary.n_rows)})`],
    ['Severities', severities],
    ['Score from which a row is flagged', formatNumber(summary?.threshold.score_cutoff)],
    ['Columns', (version.feature_names ?? version.columns ?? []).join(', ') || dash],
    ['Data fingerprint', version.fingerprint ?? dash],
    ['File', version.size_bytes === null ? dash : formatBytes(version.size_bytes)],
  ];
}

/** The facts and parameters of both; what only one of them has is a dash in the other. */
export function comparison(left: ModelVersion, right: ModelVersion): Line[] {
  const other = new Map(factsOf(right));
  const facts = factsOf(left).map(([name, value]) => ({ name, left: value, right: other.get(name) ?? dash }));
  const names = [...new Set([...Object.keys(left.parameters), ...Object.keys(right.parameters)])].toSorted();
  const parameters = names.map((name) => ({
    name: `Parameter ${name}`,
    left: name in left.parameters ? valueText(left.parameters[name]) : dash,
    right: name in right.parameters ? valueText(right.parameters[name]) : dash,
  }));
  return [...facts, ...parameters].map((line) => ({ ...line, differs: line.left !== line.right }));
}
