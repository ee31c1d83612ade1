import { Drawer, Paper, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { Detection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { Notice } from '@/components/Notice';
import { AnomalyList } from '@/features/result/AnomalyList';
import { isoOf, type Range, rangeOf } from '@/features/result/chartData';
import { resultQuery } from '@/features/result/queries';
import { SeriesPanel } from '@/features/result/SeriesPanel';
import { ThresholdPanel } from '@/features/result/ThresholdPanel';
import { useAnomalies } from '@/features/result/useAnomalies';
import { useNextKeys } from '@/features/result/useNextKeys';
import { useThreshold } from '@/features/result/useThreshold';
import { Why } from '@/features/result/Why';
import { leadingColumn, summarySentence } from '@/lib/anomalies';
import type { ResultSearch } from '@/router';

import classes from './Result.module.css';

interface Props {
  detection: Detection;
  search: ResultSearch;
}

function useAddress(id: string) {
  const navigate = useNavigate();
  const change = useCallback(
    (next: (search: ResultSearch) => ResultSearch, replace: boolean) =>
      void navigate({ to: '/detections/$id', params: { id }, search: (search) => next(search as ResultSearch), replace, resetScroll: false }),
    [navigate, id],
  );
  const select = useCallback(
    (row: number | null) => change(({ anomaly: _, ...rest }) => (row === null ? rest : { ...rest, anomaly: row }), true),
    [change],
  );
  const zoom = useCallback(
    (range: Range | null) =>
      change(
        ({ from: _from, until: _until, ...rest }) =>
          range === null ? rest : { ...rest, from: isoOf(range.from), until: isoOf(range.until) },
        false,
      ),
    [change],
  );
  const show = useCallback((column: string) => change((rest) => ({ ...rest, column }), true), [change]);
  return { select, zoom, show };
}

function NothingSelected({ missing, searching }: { missing: number | null; searching: boolean }) {
  if (searching) return <Text className="soft">Looking for row {missing}…</Text>;
  return (
    <Text className="soft">
      {missing === null
        ? 'Choose an anomaly in the chart or in the list to see why it was flagged.'
        : `Row ${missing} is not among the anomalies at this threshold.`}
    </Text>
  );
}

/** The result of a detection that succeeded. */
export function Result({ detection, search }: Props) {
  const stored = detection.summary?.threshold.score_cutoff ?? null;
  const wanted = search.anomaly ?? null;
  const control = useThreshold(detection);
  const address = useAddress(detection.id);
  const found = useAnomalies(detection.id, stored, wanted);
  const narrow = useMediaQuery('(max-width: 1050px)') ?? false;
  const result = useQuery(resultQuery(detection.id, null));
  const range = useMemo(() => rangeOf(search.from, search.until), [search.from, search.until]);
  useNextKeys(found.anomalies, wanted, address.select);

  const [first] = found.anomalies;
  const summary = summarySentence(detection, first);
  const series = result.data?.kind === 'series';
  const warnings = result.data?.metadata.warnings ?? [];
  const column = search.column ?? (first === undefined ? undefined : leadingColumn(first));
  // Who looks from a phone triages: the list comes first.
  const threshold = <ThresholdPanel detection={detection} control={control} />;
  return (
    <Stack gap="lg">
      {warnings.length > 0 && (
        <Notice tone="note" title="Noticed during the detection">
          {warnings.map((warning) => (
            <Text key={warning} size="sm" className="data-text">
              {warning}
            </Text>
          ))}
        </Notice>
      )}
      {series && (
        <SeriesPanel
          detection={detection}
          control={control}
          range={range}
          column={column}
          selected={wanted}
          selectedTime={found.selected?.time ?? null}
          severityOf={found.severityOf}
          summary={summary}
          onRange={address.zoom}
          onColumn={address.show}
          onSelect={address.select}
        />
      )}
      <div className={classes['columns']}>
        <Stack gap="lg" className={classes['left']}>
          {!narrow && threshold}
          {found.query.isError && found.anomalies.length === 0 ? (
            <ErrorState error={found.query.error} onRetry={() => void found.query.refetch()} />
          ) : (
            <AnomalyList
              series={series}
              anomalies={found.anomalies}
              total={found.total}
              column={column ?? null}
              selected={wanted}
              stale={found.query.isPlaceholderData}
              onSelect={address.select}
              onMore={found.query.hasNextPage ? () => void found.query.fetchNextPage() : null}
              loadingMore={found.query.isFetchingNextPage}
            />
          )}
          {narrow && threshold}
        </Stack>
        {!narrow && (
          <Paper component="aside" aria-label="Why it was flagged" className={classes['why']}>
            {found.selected === undefined ? (
              <NothingSelected missing={wanted} searching={found.searching} />
            ) : (
              <div aria-live="polite">
                <Why anomaly={found.selected} />
              </div>
            )}
          </Paper>
        )}
      </div>
      <Drawer.Root opened={narrow && found.selected !== undefined} onClose={() => address.select(null)} position="bottom" size="75%">
        <Drawer.Overlay />
        <Drawer.Content>
          <Drawer.Body>
            <div className={classes['head']}>
              <Drawer.Title className="soft">Why it was flagged</Drawer.Title>
              <Drawer.CloseButton aria-label="Close" />
            </div>
            {found.selected !== undefined && <Why anomaly={found.selected} />}
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    </Stack>
  );
}
