import { ActionIcon, Group, Paper, Select, Skeleton, Text, Title, Tooltip, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';

import type { Detection, Severity } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { DownloadIcon } from '@/components/icons';
import { SeverityLabel } from '@/components/severity';
import { savePicture } from '@/features/result/picture';
import { importanceQuery, scatterQuery } from '@/features/result/queries';
import { drawScatter, flaggedAt, frameOf, type ScatterState } from '@/features/result/scatterPlot';
import { formatCount } from '@/lib/format';
import { severities } from '@/lib/severity';

import classes from './ScatterPanel.module.css';

const plotHeight = 330;

interface PlotProps extends ScatterState {
  onSelect: (row: number) => void;
}

function Plot({ data, selected, severityOf, onSelect }: PlotProps) {
  const { ref: host, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useMemo(() => (width === 0 ? null : frameOf(data, width, plotHeight)), [data, width]);
  useEffect(() => {
    if (frame !== null && canvas.current !== null) drawScatter(canvas.current, { data, selected, severityOf }, frame);
  }, [data, frame, selected, severityOf]);
  return (
    <div ref={host}>
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the same rows are reached in the table by the keyboard */}
      <canvas
        ref={canvas}
        className={classes['plot']}
        style={{ height: plotHeight }}
        onClick={(event) => {
          if (frame === null) return;
          const box = event.currentTarget.getBoundingClientRect();
          const row = flaggedAt(data, frame, event.clientX - box.left, event.clientY - box.top);
          if (row !== null) onSelect(row);
        }}
      />
    </div>
  );
}

interface Props {
  detection: Detection;
  /** The columns of numbers. */
  columns: string[];
  x: string | undefined;
  y: string | undefined;
  selected: number | null;
  severityOf: (row: number) => Severity;
  onAxes: (x: string, y: string) => void;
  onSelect: (row: number) => void;
}

/** Two columns against each other. */
export function ScatterPanel({ detection, columns, x, y, selected, severityOf, onAxes, onSelect }: Props) {
  // The canvas keeps the colours it drew with, so the other scheme gets one of its own.
  const scheme = useComputedColorScheme('light');
  const figure = useRef<HTMLElement>(null);
  const cutoff = detection.summary?.threshold.score_cutoff ?? null;
  const importance = useQuery(importanceQuery(detection.id, cutoff));
  // What makes the anomalies shows them best.
  const telling = [...(importance.data?.items ?? []).map(({ feature }) => feature).filter((name) => columns.includes(name)), ...columns];
  const across = columns.includes(x ?? '') ? (x as string) : (telling.find((name) => name !== y) ?? '');
  const up = columns.includes(y ?? '') ? (y as string) : (telling.find((name) => name !== across) ?? '');
  const scatter = useQuery({ ...scatterQuery(detection.id, cutoff, across, up), enabled: !importance.isPending && across !== '' && up !== '' });
  const data = scatter.data;
  const flagged = data?.prediction.filter((prediction) => prediction === 1).length ?? 0;
  return (
    <Paper component="section" aria-labelledby="scatter-title">
      <Group justify="space-between" mb="sm">
        <Title order={2} id="scatter-title">
          Two columns
        </Title>
        <Group gap="xs" wrap="nowrap">
          <Select size="xs" aria-label="Across" searchable allowDeselect={false} data={columns} value={across} onChange={(name) => name !== null && onAxes(name, name === up ? across : up)} />
          <Text size="sm" className="soft">
            and
          </Text>
          <Select size="xs" aria-label="Upwards" searchable allowDeselect={false} data={columns} value={up} onChange={(name) => name !== null && onAxes(name === across ? up : across, name)} />
          <Tooltip label="Save the chart as PNG">
            <ActionIcon variant="default" size="md" aria-label="Save the scatter plot as PNG" onClick={() => savePicture(figure.current, `${detection.dataset.name} ${up} by ${across}`)}>
              <DownloadIcon size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      {scatter.isError && <ErrorState error={scatter.error} onRetry={() => void scatter.refetch()} />}
      {data === undefined && !scatter.isError && <Skeleton height={plotHeight} />}
      {data !== undefined && (
        <figure ref={figure} style={{ margin: 0 }} aria-label={`Scatter plot of ${up} by ${across}: ${formatCount(flagged)} anomalies among ${formatCount(data.n_total)} rows. The anomalies are listed in the table.`}>
          <div className={`${classes['up']} data-text`}>{up}</div>
          <Plot key={scheme} data={data} selected={selected} severityOf={severityOf} onSelect={onSelect} />
          <figcaption className={classes['legend']}>
            <span>
              <i aria-hidden="true" /> normal{data.n_total > data.index.length && `, ${formatCount(data.index.length - flagged)} of ${formatCount(data.n_total - flagged)} shown`}
            </span>
            {flagged > 0 && severities.map((severity) => <SeverityLabel key={severity} severity={severity} />)}
          </figcaption>
        </figure>
      )}
    </Paper>
  );
}
