import { Button, Group, Kbd, Skeleton, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';

import type { Anomaly } from '@/api/detections';
import listing from '@/components/listing.module.css';
import { SeverityLabel } from '@/components/severity';
import { expectedOf } from '@/lib/anomalies';
import { formatCell, formatCount, formatDataTimeShort, formatP, formatScore } from '@/lib/format';

import classes from './AnomalyList.module.css';

interface RowProps {
  anomaly: Anomaly;
  series: boolean;
  column: string | null;
  selected: boolean;
  onSelect: (row: number) => void;
}

function Features({ anomaly }: { anomaly: Anomaly }) {
  const leading = anomaly.explanation?.contributions.filter((part) => part.contribution > 0).slice(0, 3) ?? [];
  return (
    <span className={classes['features']}>
      {leading.map((part) => (
        <span key={part.feature} className={`${classes['feature']} data-text`}>
          {part.feature} <strong className="tabular">{formatCell(part.value)}</strong>
        </span>
      ))}
    </span>
  );
}

function AnomalyRow({ anomaly, series, column, selected, onSelect }: RowProps) {
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (selected) row.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  return (
    <tr ref={row} className={classes['row']} data-selected={selected || undefined} aria-current={selected || undefined} onClick={() => onSelect(anomaly.index)}>
      <td data-label="Rank" className={listing['right']}>
        {anomaly.rank}
      </td>
      <td data-label={series ? 'Time (UTC)' : 'Row'} className={classes['moment']}>
        <button
          type="button"
          className={`${classes['open']} tabular`}
          onClick={(event) => {
            event.stopPropagation();
            onSelect(anomaly.index);
          }}
        >
          {anomaly.time !== null && series ? formatDataTimeShort(anomaly.time) : (anomaly.row_id ?? formatCount(anomaly.index))}
        </button>
      </td>
      {series && column !== null && (
        <>
          <td data-label="Value" className={listing['right']}>
            {formatCell(anomaly.values[column])}
          </td>
          <td data-label="Expected" className={`${listing['right']} soft`}>
            {formatCell(expectedOf(anomaly, column))}
          </td>
        </>
      )}
      <td data-label="Score" className={listing['right']}>
        {formatScore(anomaly.score)}
      </td>
      <td data-label="p-value" className={listing['right']}>
        {formatP(anomaly.p_value)}
      </td>
      <td data-label="Severity">
        <SeverityLabel severity={anomaly.severity} />
      </td>
      <td className={`${listing['wide']} ${classes['why']}`}>
        {series ? <span className="soft data-text">{anomaly.explanation?.sentence}</span> : <Features anomaly={anomaly} />}
      </td>
    </tr>
  );
}

interface Props {
  /** Whether the rows were judged as a series. */
  series: boolean;
  anomalies: Anomaly[];
  total: number | null;
  column: string | null;
  selected: number | null;
  stale: boolean;
  onSelect: (row: number) => void;
  onMore: (() => void) | null;
  loadingMore: boolean;
}

/** The anomalies, most severe first. */
export function AnomalyList({ series, anomalies, total, column, selected, stale, onSelect, onMore, loadingMore }: Props) {
  return (
    <section aria-labelledby="anomalies-title" id="anomalies">
      <Group justify="space-between" mb="sm">
        <Title order={2} id="anomalies-title">
          Anomalies, most severe first
        </Title>
        <Text size="xs" className={`soft ${classes['keys']}`}>
          <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> next, previous
        </Text>
      </Group>
      {total === null && <Skeleton height={320} radius="lg" />}
      {total === 0 && (
        <div className={`${listing['card']} ${classes['none']}`}>
          <Text fw={600}>Nothing is flagged at this threshold</Text>
          <Text size="sm" className="soft">
            That is a result too. To see the most unusual rows all the same, move the threshold to the left.
          </Text>
        </div>
      )}
      {total !== null && total > 0 && (
        <div className={listing['card']} data-stale={stale || undefined}>
          <table className={`${listing['table']} ${classes['table']}`}>
            <thead>
              <tr>
                <th scope="col" className={listing['right']}>
                  Rank
                </th>
                <th scope="col">{series ? 'Time (UTC)' : 'Row'}</th>
                {series && column !== null && (
                  <>
                    <th scope="col" className={listing['right']}>
                      Value
                    </th>
                    <th scope="col" className={listing['right']}>
                      Expected
                    </th>
                  </>
                )}
                <th scope="col" className={listing['right']}>
                  Score
                </th>
                <th scope="col" className={listing['right']}>
                  p-value
                </th>
                <th scope="col">Severity</th>
                <th scope="col">{series ? 'Why' : 'What stands out'}</th>
              </tr>
            </thead>
            <tbody>
              {anomalies.map((anomaly) => (
                <AnomalyRow
                  key={anomaly.index}
                  anomaly={anomaly}
                  series={series}
                  column={column}
                  selected={anomaly.index === selected}
                  onSelect={onSelect}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {onMore !== null && (
        <Button mt="sm" variant="default" size="xs" onClick={onMore} loading={loadingMore}>
          Show more
        </Button>
      )}
    </section>
  );
}
