import type { Anomaly, Detection, Severity } from '@/api/detections';
import type { Cell } from '@/api/datasets';
import { formatCount, formatDataTime, formatP, formatScore, plural } from '@/lib/format';
import { severities } from '@/lib/severity';

/** What would have been normal in a column, where the explanation says it. */
export function expectedOf(anomaly: Anomaly, column: string): Cell | undefined {
  const explanation = anomaly.explanation;
  if (explanation === null) return undefined;
  const counterfactual = explanation.counterfactual?.[column];
  if (counterfactual !== undefined && counterfactual !== null) return counterfactual;
  return explanation.contributions.find((part) => part.feature === column)?.typical;
}

/** The column that did most to the score. */
export function leadingColumn(anomaly: Pick<Anomaly, 'explanation' | 'values'>): string | undefined {
  return anomaly.explanation?.contributions[0]?.feature ?? Object.keys(anomaly.values)[0];
}

export function titleOf(anomaly: Pick<Anomaly, 'time' | 'row_id' | 'index'>): string {
  return anomaly.time === null ? `Row ${anomaly.row_id ?? formatCount(anomaly.index)}` : formatDataTime(anomaly.time);
}

/** Severity by row of the anomalies loaded so far. The list comes most severe first: those not loaded are no worse than its last. */
export function severityLookup(loaded: Anomaly[]): (row: number) => Severity {
  const known = new Map(loaded.map((anomaly) => [anomaly.index, anomaly.severity]));
  const rest = loaded.at(-1)?.severity ?? 'low';
  return (row) => known.get(row) ?? rest;
}

/** The sentence that stands for the chart where it cannot be seen. */
export function summarySentence(detection: Detection, first: Anomaly | undefined): string {
  const { summary } = detection;
  if (summary === null) return 'There is no result yet.';
  const counts = severities.filter((severity) => summary.severities[severity] > 0).map((severity) => `${summary.severities[severity]} ${severity}`);
  const found =
    summary.n_anomalies === 0
      ? `None of ${plural(summary.n_rows, 'row')} is an anomaly at the present threshold.`
      : `${plural(summary.n_anomalies, 'anomaly', 'anomalies')} in ${plural(summary.n_rows, 'row')}: ${counts.join(', ')}.`;
  if (first === undefined) return found;
  return `${found} The most severe: ${titleOf(first)}, score ${formatScore(first.score)}, p-value ${formatP(first.p_value)}.`;
}
