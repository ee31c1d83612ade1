import { Skeleton, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { ColumnProfile, ColumnRole, Dataset, Profile } from '@/api/datasets';
import { ErrorState } from '@/components/ErrorState';
import listing from '@/components/listing.module.css';
import { profileQuery } from '@/features/datasets/queries';
import { columnTypeWords } from '@/features/datasets/words';
import { dash, formatCell, formatCount, formatPercent, plural } from '@/lib/format';

import classes from './ProfileTable.module.css';

const roleWords: Record<ColumnRole, string> = { time: 'time', label: 'label', entity: 'entity', feature: 'judged', ignored: 'not used' };
const plotWidth = 150;
const plotHeight = 36;
const shownValues = 3;

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function Histogram({ column }: { column: ColumnProfile }) {
  const { histogram } = column;
  if (histogram === null || histogram.counts.length === 0) return <span className="soft">{dash}</span>;
  const { counts, edges } = histogram;
  const highest = Math.max(...counts);
  const width = plotWidth / counts.length;
  const from = formatCell(edges[0]);
  const to = formatCell(edges.at(-1));
  return (
    <Tooltip label={`From ${from} to ${to}; the fullest of ${counts.length} parts holds ${plural(highest, 'row')}`}>
      <svg width={plotWidth} height={plotHeight} className={classes['plot']} role="img" aria-label={`Histogram from ${from} to ${to}`}>
        {counts.map((count, place) => {
          // One row is still seen beside a million.
          const height = count === 0 ? 0 : Math.max((count / highest) * plotHeight, 1.5);
          // oxlint-disable-next-line react/no-array-index-key -- the bars of a histogram have no other name, and never move
          return <rect key={place} x={place * width} y={plotHeight - height} width={Math.max(width - 1, 0.5)} height={height} />;
        })}
      </svg>
    </Tooltip>
  );
}

function MostFrequent({ column, rows }: { column: ColumnProfile; rows: number }) {
  const shown = column.most_frequent.slice(0, shownValues);
  if (shown.length === 0) return <span className="soft">{dash}</span>;
  return (
    <ul className={classes['values']}>
      {shown.map(([value, count]) => (
        <li key={String(value)}>
          <span className={`${classes['value']} data-text`}>{formatCell(value)}</span>
          <span className={classes['track']} aria-hidden="true">
            <span style={{ width: `${share(count, rows) * 100}%` }} />
          </span>
          <span className="soft tabular">{formatPercent(share(count, rows))}</span>
        </li>
      ))}
    </ul>
  );
}

function Row({ column, rows }: { column: ColumnProfile; rows: number }) {
  const measured = column.type === 'number' || column.type === 'datetime';
  // Of a few numbers, such as 0 and 1, it is of interest how often each is there.
  const few = column.type === 'number' && column.n_distinct !== null && column.n_distinct <= shownValues && column.most_frequent.length > 0;
  return (
    <tr>
      <td className={listing['wide']}>
        <span className={`${listing['main']} data-text`}>{column.name}</span>
        <div className={listing['below']}>
          {columnTypeWords[column.type]}, {roleWords[column.role]}
        </div>
      </td>
      <td data-label="Missing" className={listing['right']}>
        {column.n_missing === 0 ? (
          <span className="soft">none</span>
        ) : (
          <>
            {formatCount(column.n_missing)}
            <div className={listing['below']}>{formatPercent(share(column.n_missing, rows))}</div>
          </>
        )}
      </td>
      <td data-label="Distinct" className={listing['right']}>
        {column.n_distinct === null ? dash : `${column.more_distinct ? 'over ' : ''}${formatCount(column.n_distinct)}`}
      </td>
      <td data-label="Distribution" className={listing['wide']}>
        {measured && !few ? <Histogram column={column} /> : <MostFrequent column={column} rows={rows} />}
      </td>
      <td data-label="Smallest" className={listing['right']}>
        {measured ? formatCell(column.minimum) : dash}
      </td>
      <td data-label="Median" className={listing['right']}>
        {measured ? formatCell(column.median) : dash}
      </td>
      <td data-label="Largest" className={listing['right']}>
        {measured ? formatCell(column.maximum) : dash}
      </td>
    </tr>
  );
}

function Columns({ profile }: { profile: Profile }) {
  return (
    <div className={listing['card']}>
      <table className={listing['table']}>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col" className={listing['right']}>
              Missing
            </th>
            <th scope="col" className={listing['right']}>
              Distinct
            </th>
            <th scope="col">Distribution</th>
            <th scope="col" className={listing['right']}>
              Smallest
            </th>
            <th scope="col" className={listing['right']}>
              Median
            </th>
            <th scope="col" className={listing['right']}>
              Largest
            </th>
          </tr>
        </thead>
        <tbody>
          {profile.columns.map((column) => (
            <Row key={column.name} column={column} rows={profile.n_rows} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What each column holds: kind, gaps, spread. */
export function ProfileTable({ dataset }: { dataset: Dataset }) {
  const profile = useQuery(profileQuery(dataset.id));
  if (profile.isPending) return <Skeleton height={60 + 62 * Math.min(dataset.n_columns, 8)} radius="lg" role="status" aria-label="Loading the columns" />;
  if (profile.isError) return <ErrorState error={profile.error} title="The columns cannot be shown" onRetry={() => void profile.refetch()} />;
  return <Columns profile={profile.data} />;
}
