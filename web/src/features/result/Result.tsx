import { Button, Drawer, Group, Paper, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';

import type { Anomaly, Detection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { Notice } from '@/components/Notice';
import { datasetQuery } from '@/features/datasets/queries';
import { FeedbackFailure } from '@/features/feedback/FeedbackFailure';
import { type FeedbackControl, useFeedback } from '@/features/feedback/useFeedback';
import { VerdictButtons } from '@/features/feedback/VerdictButtons';
import { VerdictLabel } from '@/features/feedback/VerdictLabel';
import { AnomalyList } from '@/features/result/AnomalyList';
import { extentOf, chartData, rangeOf } from '@/features/result/chartData';
import { Importance } from '@/features/result/Importance';
import { resultQuery, seriesQuery } from '@/features/result/queries';
import { ScatterPanel } from '@/features/result/ScatterPanel';
import { SeriesPanel } from '@/features/result/SeriesPanel';
import { ThresholdPanel } from '@/features/result/ThresholdPanel';
import { useAddress } from '@/features/result/useAddress';
import { useAnomalies } from '@/features/result/useAnomalies';
import { useThreshold } from '@/features/result/useThreshold';
import { useTriageKeys } from '@/features/result/useTriageKeys';
import { Why } from '@/features/result/Why';
import { useMay } from '@/features/session/permissions';
import { leadingColumn, summarySentence } from '@/lib/anomalies';
import type { ResultSearch } from '@/router';

import classes from './Result.module.css';

const weekSeconds = 7 * 24 * 3600;

interface Props {
  detection: Detection;
  search: ResultSearch;
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

interface SelectedProps {
  detection: Detection;
  anomaly: Anomaly;
  control: FeedbackControl;
  mayJudge: boolean;
}

/** Why the selected anomaly was flagged, and what the reader says to it. */
function Selected({ detection, anomaly, control, mayJudge }: SelectedProps) {
  const of = `row ${anomaly.index}`;
  return (
    <Why anomaly={anomaly}>
      <Stack gap="sm">
        {mayJudge ? (
          <VerdictButtons
            feedback={anomaly.feedback ?? null}
            of={of}
            onJudge={(verdict) => control.judge(anomaly.index, verdict)}
            onWithdraw={() => control.withdraw(anomaly.index)}
          />
        ) : (
          <VerdictLabel verdict={anomaly.feedback?.verdict ?? null} />
        )}
        <FeedbackFailure control={control} of={of} />
        <Group>
          <Button
            size="xs"
            variant="light"
            renderRoot={(props) => <Link to="/detections/$id/anomalies/$row" params={{ id: detection.id, row: String(anomaly.index) }} {...props} />}
          >
            Look closer: context, similar rows, notes
          </Button>
        </Group>
      </Stack>
    </Why>
  );
}

/** How many weeks a series lasts; null for a table, or less than a day. */
function useWeeks(detection: Detection, series: boolean): number | null {
  const whole = useQuery({ ...seriesQuery(detection.id, detection.summary?.threshold.score_cutoff ?? null, null), enabled: series });
  if (!series || whole.data === undefined || whole.data.time.length < 2) return null;
  const { from, until } = extentOf(chartData(whole.data, ''));
  const weeks = (until - from) / weekSeconds;
  return weeks >= 1 / 7 ? weeks : null;
}

/** The columns of numbers that were judged, or that the dataset has. */
function useNumbers(detection: Detection): string[] {
  const dataset = useQuery(datasetQuery(detection.dataset.id));
  const known = dataset.data?.columns.filter((column) => column.type === 'number').map((column) => column.name) ?? [];
  const judged = known.filter((name) => detection.columns?.includes(name) ?? dataset.data?.roles.features.includes(name) ?? true);
  return judged.length >= 2 ? judged : known;
}

/** The result of a detection that succeeded. */
export function Result({ detection, search }: Props) {
  const cutoff = detection.summary?.threshold.score_cutoff ?? null;
  const wanted = search.anomaly ?? null;
  const control = useThreshold(detection);
  const address = useAddress(detection.id);
  const navigate = useNavigate();
  const filter = useMemo(() => ({ min_severity: search.severity, verdict: search.verdict }), [search.severity, search.verdict]);
  const found = useAnomalies(detection.id, cutoff, wanted, filter);
  const narrow = useMediaQuery('(max-width: 1050px)') ?? false;
  const result = useQuery(resultQuery(detection.id, null));
  const range = useMemo(() => rangeOf(search.from, search.until), [search.from, search.until]);
  const mayJudge = useMay('feedback.write');
  const mayMove = useMay('detections.write');
  const feedback = useFeedback(detection.id);
  const series = result.data?.kind === 'series';
  const weeks = useWeeks(detection, series);
  const numbers = useNumbers(detection);
  useTriageKeys({
    anomalies: found.anomalies,
    selected: wanted,
    onSelect: address.select,
    onJudge: mayJudge ? feedback.judge : undefined,
    onWithdraw: mayJudge ? feedback.withdraw : undefined,
    onOpen: (row) => void navigate({ to: '/detections/$id/anomalies/$row', params: { id: detection.id, row: String(row) } }),
  });

  const first = found.worst;
  const summary = summarySentence(detection, first);
  const warnings = result.data?.metadata.warnings ?? [];
  const column = search.column ?? (first === undefined ? undefined : leadingColumn(first));
  const some = (detection.summary?.n_anomalies ?? 0) > 0;
  // Who looks from a phone triages: the list comes first.
  const threshold = <ThresholdPanel detection={detection} control={control} weeks={weeks} allowed={mayMove} />;
  const why = found.selected !== undefined && <Selected detection={detection} anomaly={found.selected} control={feedback} mayJudge={mayJudge} />;
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
          allowed={mayMove}
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
      <div className={classes['columns']} data-aside={(!narrow && some) || undefined}>
        <Stack gap="lg" className={classes['left']}>
          {!narrow && threshold}
          {found.query.isError && found.anomalies.length === 0 ? (
            <ErrorState error={found.query.error} onRetry={() => void found.query.refetch()} />
          ) : (
            <AnomalyList
              series={series}
              anomalies={found.anomalies}
              total={found.total}
              matching={found.matching}
              filter={filter}
              onFilter={address.filter}
              column={column ?? null}
              selected={wanted}
              stale={found.query.isPlaceholderData}
              onSelect={address.select}
              judging={mayJudge ? feedback : null}
              onMore={found.query.hasNextPage ? () => void found.query.fetchNextPage() : null}
              loadingMore={found.query.isFetchingNextPage}
            />
          )}
          {narrow && threshold}
          {result.isSuccess && !series && numbers.length >= 2 && (
            <ScatterPanel
              detection={detection}
              columns={numbers}
              x={search.x}
              y={search.y}
              selected={wanted}
              severityOf={found.severityOf}
              onAxes={address.axes}
              onSelect={address.select}
            />
          )}
          {result.isSuccess && some && <Importance id={detection.id} cutoff={cutoff} />}
        </Stack>
        {!narrow && some && (
          <Paper component="aside" aria-label="Why it was flagged" className={classes['why']}>
            {found.selected === undefined ? <NothingSelected missing={wanted} searching={found.searching} /> : <div aria-live="polite">{why}</div>}
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
            {why}
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    </Stack>
  );
}
