import { ActionIcon, Button, Group, Paper, Select, Skeleton, Title, Tooltip, useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';

import type { Detection, Severity } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { ArrowIcon, DownloadIcon, ZoomInIcon, ZoomOutIcon } from '@/components/icons';
import { around, chartData, columnsOf, extentOf, isoOf, pan, type Range, zoom } from '@/features/result/chartData';
import { Legend } from '@/features/result/Legend';
import { distributionQuery, seriesQuery } from '@/features/result/queries';
import { savePicture } from '@/features/result/picture';
import { SeriesChart } from '@/features/result/SeriesChart';
import type { ThresholdControl } from '@/features/result/useThreshold';

interface ToolProps {
  label: string;
  onClick: () => void;
  disabled?: boolean;
  children: ReactNode;
}

function Tool({ label, onClick, disabled = false, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="md" aria-label={label} onClick={onClick} disabled={disabled}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

interface Props {
  detection: Detection;
  control: ThresholdControl;
  range: Range | null;
  column: string | undefined;
  selected: number | null;
  /** When the selected anomaly was. */
  selectedTime: string | null;
  severityOf: (row: number) => Severity;
  summary: string;
  /** Whether the reader's role may move the threshold. */
  allowed: boolean;
  onRange: (range: Range | null) => void;
  onColumn: (column: string) => void;
  onSelect: (row: number) => void;
}

/** The series with its anomalies; finer data are fetched for the part that is looked at. */
export function SeriesPanel(props: Props) {
  const { detection, control, range, selected, selectedTime, severityOf, summary, allowed, onRange, onColumn, onSelect } = props;
  // uPlot keeps the colours it drew with, so the other scheme gets plots of its own.
  const scheme = useComputedColorScheme('light');
  const picture = useRef<HTMLElement>(null);
  const cutoff = detection.summary?.threshold.score_cutoff ?? null;
  const whole = useQuery(seriesQuery(detection.id, cutoff, null));
  const closer = useQuery({
    ...seriesQuery(detection.id, cutoff, range === null ? null : { start: isoOf(range.from), end: isoOf(range.until) }),
    enabled: range !== null,
  });
  const distribution = useQuery(distributionQuery(detection.id, 'linear'));
  const columns = whole.data === undefined ? [] : columnsOf(whole.data);
  const column = columns.find((name) => name === props.column) ?? columns[0] ?? '';
  const source = (range === null ? undefined : closer.data) ?? whole.data;
  const data = useMemo(() => (source === undefined ? null : chartData(source, column)), [source, column]);
  const extent = useMemo(() => (whole.data === undefined ? null : extentOf(chartData(whole.data, column))), [whole.data, column]);
  const seen = range ?? extent;
  useEffect(() => {
    if (selectedTime === null || range === null || extent === null) return;
    const moved = around(range, extent, Date.parse(selectedTime) / 1000);
    if (moved !== range) onRange(moved);
    // Only a new selection moves the chart: afterwards one may look elsewhere.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies
  }, [selectedTime]);
  const error = whole.error ?? closer.error ?? distribution.error;
  return (
    <Paper component="section" aria-labelledby="series-title">
      <Group justify="space-between" align="flex-start" mb="xs">
        <Group gap="md">
          <Title order={2} id="series-title" className="data-text">
            {columns.length > 1 ? 'Series' : column === '' ? 'Series' : column}
          </Title>
          {columns.length > 1 && (
            <Select size="xs" aria-label="Column shown" data={columns} value={column} allowDeselect={false} onChange={(name) => name !== null && onColumn(name)} />
          )}
        </Group>
        {seen !== null && extent !== null && (
          <Group gap={6} role="group" aria-label="Zoom">
            <Tool label="Earlier" disabled={range === null} onClick={() => onRange(pan(seen, extent, -0.5))}>
              <ArrowIcon left />
            </Tool>
            <Tool label="Later" disabled={range === null} onClick={() => onRange(pan(seen, extent, 0.5))}>
              <ArrowIcon />
            </Tool>
            <Tool label="Zoom in" onClick={() => onRange(zoom(seen, extent, 0.5))}>
              <ZoomInIcon />
            </Tool>
            <Tool label="Zoom out" disabled={range === null} onClick={() => onRange(zoom(seen, extent, 2))}>
              <ZoomOutIcon />
            </Tool>
            <Button size="xs" h={28} variant="default" disabled={range === null} onClick={() => onRange(null)}>
              Whole series
            </Button>
            <Tool label="Save the chart as PNG" onClick={() => savePicture(picture.current, `${detection.dataset.name} ${column}`)}>
              <DownloadIcon size={16} />
            </Tool>
          </Group>
        )}
      </Group>
      {error !== null && data === null && <ErrorState error={error} onRetry={() => void whole.refetch()} />}
      {error === null && (data === null || distribution.data === undefined) && <Skeleton height={490} aria-label="Loading the chart" />}
      {data !== null && seen !== null && distribution.data !== undefined && (
        <figure ref={picture} style={{ margin: 0 }} aria-label={`Chart of ${column}. ${summary} The same anomalies are listed in the table below.`}>
          <SeriesChart
            key={scheme}
            data={data}
            column={column}
            range={seen}
            curve={distribution.data.curve}
            control={control}
            allowed={allowed}
            selected={selected}
            severityOf={severityOf}
            onRange={onRange}
            onSelect={onSelect}
          />
          <Legend data={data} flagged={(detection.summary?.n_anomalies ?? 0) > 0} />
        </figure>
      )}
    </Paper>
  );
}
