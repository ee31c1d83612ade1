/** The same request as a program writes it. What comes from data is quoted so that it stays data. */

import type { Cell } from '@/api/datasets';
import type { Row } from '@/api/models';

/** Text within single quotes of a shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function pythonCell(cell: Cell): string {
  if (cell === null) return 'None';
  if (typeof cell === 'boolean') return cell ? 'True' : 'False';
  return JSON.stringify(cell);
}

export function pythonRow(row: Row): string {
  return `{${Object.entries(row)
    .map(([name, cell]) => `${JSON.stringify(name)}: ${pythonCell(cell)}`)
    .join(', ')}}`;
}

interface Target {
  origin: string;
  modelId: string;
  /** Null: the one in production. */
  version: number | null;
}

export function curlSnippet({ origin, modelId, version }: Target, row: Row): string {
  const query = version === null ? 'explain=true' : `version=${version}&explain=true`;
  return [
    `curl -X POST ${shellQuoted(`${origin}/api/v1/models/${modelId}/score?${query}`)} \\`,
    '  -H "Authorization: Bearer $ANOMALY_DETECTION_API_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d ${shellQuoted(JSON.stringify({ rows: [row] }))}`,
  ].join('\n');
}

export function pythonSnippet({ origin, modelId, version }: Target, row: Row): string {
  const chosen = version === null ? '' : `, version=${version}`;
  return [
    'import os',
    '',
    'from anomaly_detection_client import Client',
    '',
    `rows = [${pythonRow(row)}]`,
    `with Client(${JSON.stringify(origin)}, api_key=os.environ["ANOMALY_DETECTION_API_KEY"]) as client:`,
    `    scores = client.models.score(${JSON.stringify(modelId)}, rows${chosen}, explain=True)`,
    '    print(scores.scores, scores.predictions)',
  ].join('\n');
}
