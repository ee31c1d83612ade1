/** What lies around an anomaly: its place among the others, nearest normal rows, similar anomalies, all values. */

import { Button, Group, Kbd, Text } from '@mantine/core';
import { useState } from 'react';

import type { JudgedRow, NormalRow, SimilarAnomaly } from '@/api/anomalies';
import type { Cell } from '@/api/datasets';
import { ArrowIcon } from '@/components/icons';
import listing from '@/components/listing.module.css';
import { SeverityLabel } from '@/components/severity';
import { TextLink } from '@/components/TextLink';
import preview from '@/features/detect/PreviewTable.module.css';
import { VerdictLabel } from '@/features/feedback/VerdictLabel';
import { dash, formatCell, formatCount, formatDataTimeShort, formatScore } from '@/lib/format';

import classes from './Around.module.css';

interface StepsProps {
  rank: number | null;
  total: number;
  previous: number | null;
  next: number | null;
  onOpen: (row: number) => void;
}

/** Where one is in the ranked list, with the way to the next. */
export function Steps({ rank, total, previous, next, onOpen }: StepsProps) {
  return (
    <Group gap="xs" wrap="nowrap" role="group" aria-label="Walk through the anomalies by rank">
      <Text size="sm" className="soft tabular">
        {rank === null ? `not among the ${formatCount(total)} anomalies` : `rank ${formatCount(rank)} of ${formatCount(total)}`}
      </Text>
      <Button size="xs" variant="default" leftSection={<ArrowIcon size={14} left />} rightSection={<Kbd size="xs" className={classes['key']}>k</Kbd>} disabled={previous === null} onClick={() => previous !== null && onOpen(previous)} aria-keyshortcuts="k">
        Previous
      </Button>
      <Button size="xs" variant="default" leftSection={<Kbd size="xs" className={classes['key']}>j</Kbd>} rightSection={<ArrowIcon size={14} />} disabled={next === null} onClick={() => next !== null && onOpen(next)} aria-keyshortcuts="j">
        Next
      </Button>
    </Group>
  );
}

const columnsAtFirst = 7;

interface NeighboursProps {
  row: JudgedRow;
  neighbours: NormalRow[];
  /** The columns that did most to the score come first. */
  columns: string[];
}

function sameCell(left: Cell | undefined, right: Cell | undefined): boolean {
  return (left ?? null) === (right ?? null);
}

/** The normal rows most like this one, column by column beside it. */
export function Neighbours({ row, neighbours, columns }: NeighboursProps) {
  const [all, setAll] = useState(false);
  if (neighbours.length === 0) return <Text size="sm" className="soft">There is no normal row to compare with.</Text>;
  const shown = all ? columns : columns.slice(0, columnsAtFirst);
  const timed = row.time !== null;
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no pointer scrolls a focused region by the arrow keys */}
      <div className={preview['scroll']} role="region" aria-label="Table of the nearest normal rows" tabIndex={0}>
        <table className={`${preview['table']} ${classes['compare']}`}>
          <thead>
            <tr>
              <th scope="col">Row</th>
              {timed && <th scope="col">Time (UTC)</th>}
              {shown.map((name) => (
                <th key={name} scope="col" className={preview['right']}>
                  {name}
                </th>
              ))}
              <th scope="col" className={preview['right']}>
                Score
              </th>
            </tr>
          </thead>
          <tbody>
            <tr className={classes['this']}>
              <th scope="row">this, {formatCount(row.index)}</th>
              {timed && <td>{row.time === null ? dash : formatDataTimeShort(row.time)}</td>}
              {shown.map((name) => (
                <td key={name} className={preview['right']}>
                  {formatCell(row.values[name])}
                </td>
              ))}
              <td className={preview['right']}>{formatScore(row.score)}</td>
            </tr>
            {neighbours.map((other) => (
              <tr key={other.index}>
                <th scope="row">{formatCount(other.index)}</th>
                {timed && <td>{other.time === null ? dash : formatDataTimeShort(other.time)}</td>}
                {shown.map((name) => (
                  <td key={name} className={preview['right']} data-same={sameCell(other.values[name], row.values[name]) || undefined}>
                    {formatCell(other.values[name])}
                  </td>
                ))}
                <td className={preview['right']}>{formatScore(other.score)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {columns.length > shown.length && (
        <Button variant="subtle" size="xs" mt="xs" onClick={() => setAll(true)}>
          Show all {columns.length} columns
        </Button>
      )}
    </>
  );
}

/** Flagged rows with much the same reasons, and what was said about them. */
export function Similar({ detectionId, similar }: { detectionId: string; similar: SimilarAnomaly[] }) {
  if (similar.length === 0) return <Text size="sm" className="soft">No other anomaly was flagged for like reasons.</Text>;
  return (
    <div className={listing['card']}>
      <table className={`${listing['table']} ${classes['similar']}`}>
        <thead>
          <tr>
            <th scope="col">Anomaly</th>
            <th scope="col" className={listing['right']}>
              Rank
            </th>
            <th scope="col" className={listing['right']}>
              Score
            </th>
            <th scope="col">Severity</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {similar.map((other) => (
            <tr key={other.index}>
              <td className={listing['wide']}>
                <TextLink to="/detections/$id/anomalies/$row" params={{ id: detectionId, row: String(other.index) }} className={listing['main']} inherit>
                  {other.time === null ? `Row ${formatCount(other.index)}` : formatDataTimeShort(other.time)}
                </TextLink>
              </td>
              <td data-label="Rank" className={listing['right']}>
                {formatCount(other.rank)}
              </td>
              <td data-label="Score" className={listing['right']}>
                {formatScore(other.score)}
              </td>
              <td data-label="Severity">
                <SeverityLabel severity={other.severity} />
              </td>
              <td data-label="Verdict">{other.verdict === null ? <span className="soft">not reviewed</span> : <VerdictLabel verdict={other.verdict} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What would have been normal, beside what was measured. */
export function Normal({ row }: { row: JudgedRow }) {
  const normal = Object.entries(row.explanation?.counterfactual ?? {});
  if (normal.length === 0) return null;
  return (
    <ul className={classes['normal']}>
      {normal.map(([name, value]) => (
        <li key={name}>
          <span className="data-text">{name}</span>
          <span className="tabular data-text">
            <strong>{formatCell(value)}</strong> <span className="soft">instead of {formatCell(row.values[name])}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function AllValues({ values }: { values: Record<string, Cell> }) {
  const entries = Object.entries(values);
  return (
    <details className={classes['details']}>
      <summary>{entries.length === 1 ? 'The value of this row' : `All ${formatCount(entries.length)} values of this row`}</summary>
      <ul className={classes['values']}>
        {entries.map(([name, value]) => (
          <li key={name}>
            <span className="soft data-text">{name}</span>
            <span className="tabular data-text">{formatCell(value)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
