import { Button, Group, Kbd, Select, Skeleton, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';

import type { Anomaly, AnomalyFilter } from '@/api/detections';
import type { Verdict } from '@/api/feedback';
import listing from '@/components/listing.module.css';
import { SeverityLabel } from '@/components/severity';
import { VerdictButtons } from '@/features/feedback/VerdictButtons';
import { VerdictLabel } from '@/features/feedback/VerdictLabel';
import { expectedOf } from '@/lib/anomalies';
import { formatCell, formatCount, formatDataTimeShort, formatP, formatScore } from '@/lib/format';

import classes from './AnomalyList.module.css';

/** How the reader judges the anomalies; null for who may only read. */
export interface Judging {
  judge: (row: number, verdict: Verdict) => void;
  withdraw: (row: number) => void;
}

interface RowProps {
  anomaly: Anomaly;
  series: boolean;
  column: string | null;
  selected: boolean;
  onSelect: (row: number) => void;
  judging: Judging | null;
}

/** What adds less than this share of what the leading column adds does not stand out. */
const tellingShare = 0.1;

function Features({ anomaly }: { anomaly: Anomaly }) {
  const parts = anomaly.explanation?.contributions ?? [];
  const least = tellingShare * (parts[0]?.contribution ?? 0);
  const leading = parts.filter((part) => part.contribution > 0 && part.contribution >= least).slice(0, 3);
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

function AnomalyRow({ anomaly, series, column, selected, onSelect, judging }: RowProps) {
  const row = useRef<HTMLTableRowElement>(null);
  const shown = useRef(false);
  useEffect(() => {
    // A link to an anomaly opens the page at its top; walking through the list follows.
    if (selected && shown.current) row.current?.scrollIntoView({ block: 'nearest' });
    shown.current = true;
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
      <td data-label="Review" className={classes['review']}>
        {judging === null ? (
          <VerdictLabel verdict={anomaly.feedback?.verdict ?? null} />
        ) : (
          <VerdictButtons
            compact
            feedback={anomaly.feedback ?? null}
            of={`row ${anomaly.index}`}
            onJudge={(verdict) => judging.judge(anomaly.index, verdict)}
            onWithdraw={() => judging.withdraw(anomaly.index)}
          />
        )}
      </td>
      <td className={`${listing['wide']} ${classes['why']} ${series ? classes['narrowOnly'] : ''}`}>
        {series ? <span className="soft data-text">{anomaly.explanation?.sentence}</span> : <Features anomaly={anomaly} />}
      </td>
    </tr>
  );
}

const severityChoices = [
  { value: 'critical', label: 'Critical only' },
  { value: 'high', label: 'High and worse' },
  { value: 'medium', label: 'Medium and worse' },
];
const verdictChoices = [
  { value: 'none', label: 'Not reviewed' },
  { value: 'true', label: 'Confirmed' },
  { value: 'false', label: 'Dismissed' },
];

function Keys({ judging }: { judging: boolean }) {
  return (
    <Text size="xs" className={`soft ${classes['keys']}`} component="span">
      <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> next, previous
      {judging && (
        <>
          {' '}
          <Kbd size="xs">y</Kbd> <Kbd size="xs">n</Kbd> <Kbd size="xs">u</Kbd> confirm, dismiss, undo
        </>
      )}{' '}
      <Kbd size="xs">Enter</Kbd> open
    </Text>
  );
}

interface Props {
  /** Whether the rows were judged as a series. */
  series: boolean;
  anomalies: Anomaly[];
  /** How many there are at this threshold, and how many of them fit the filter. */
  total: number | null;
  matching: number | null;
  filter: AnomalyFilter;
  onFilter: (filter: AnomalyFilter) => void;
  column: string | null;
  selected: number | null;
  stale: boolean;
  onSelect: (row: number) => void;
  judging: Judging | null;
  onMore: (() => void) | null;
  loadingMore: boolean;
}

/** The anomalies, most severe first. */
export function AnomalyList(props: Props) {
  const { series, anomalies, total, matching, filter, onFilter, column, selected, stale, onSelect, judging, onMore, loadingMore } = props;
  const filtered = filter.min_severity !== undefined || filter.verdict !== undefined;
  return (
    <section aria-labelledby="anomalies-title" id="anomalies">
      <Group justify="space-between" mb="sm" gap="xs 16px">
        <Title order={2} id="anomalies-title">
          Anomalies, most severe first
        </Title>
        {total !== null && total > 0 && (
          <Group gap="xs">
            <Keys judging={judging !== null} />
            <Select
              size="xs"
              w={150}
              aria-label="Severity"
              placeholder="Any severity"
              clearable
              data={severityChoices}
              value={filter.min_severity ?? null}
              onChange={(severity) => onFilter({ ...filter, min_severity: severity ?? undefined })}
            />
            <Select
              size="xs"
              w={140}
              aria-label="Review"
              placeholder="Any review"
              clearable
              data={verdictChoices}
              value={filter.verdict ?? null}
              onChange={(verdict) => onFilter({ ...filter, verdict: verdict ?? undefined })}
            />
          </Group>
        )}
      </Group>
      {filtered && matching !== null && total !== null && matching > 0 && (
        <Text size="sm" className="soft tabular" mb="xs" role="status">
          {formatCount(matching)} of {formatCount(total)} shown
        </Text>
      )}
      {total !== null && total > 0 && anomalies.length === 0 && !stale && (
        <div className={`${listing['card']} ${classes['none']}`}>
          <Text fw={600}>No anomaly fits these filters</Text>
          <Button mt="sm" variant="default" size="xs" onClick={() => onFilter({})}>
            Show all {formatCount(total)}
          </Button>
        </div>
      )}
      {total === null && <Skeleton height={320} radius="lg" />}
      {total === 0 && (
        <div className={`${listing['card']} ${classes['none']}`}>
          <Text fw={600}>Nothing is flagged at this threshold</Text>
          <Text size="sm" className="soft">
            That is a result too. Who wants to see the most unusual rows all the same moves the threshold to the left.
          </Text>
        </div>
      )}
      {total !== null && total > 0 && anomalies.length > 0 && (
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
                <th scope="col">Review</th>
                <th scope="col" className={series ? classes['narrowOnly'] : undefined}>
                  {series ? 'Why' : 'What stands out'}
                </th>
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
                  judging={judging}
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
