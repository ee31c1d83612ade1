import { Button, Group, NumberInput, Paper, Skeleton, Switch, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';

import type { AxisScale, Curve, Detection, Threshold, ThresholdKind } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { Histogram } from '@/features/result/Histogram';
import { distributionQuery } from '@/features/result/queries';
import type { ThresholdControl } from '@/features/result/useThreshold';
import { type Consequence, consequenceOf, qualityOf } from '@/lib/curve';
import { formatCount, formatNumber, formatP, formatPercent, formatScore } from '@/lib/format';
import { isSqueezed } from '@/lib/histogram';

import classes from './ThresholdPanel.module.css';

interface PercentProps {
  label: string;
  description: string;
  kind: ThresholdKind;
  threshold: Threshold;
  control: ThresholdControl;
}

/** A share, entered in percent; it is applied by Enter or the button, not at every key. */
function PercentThreshold({ label, description, kind, threshold, control }: PercentProps) {
  const active = threshold.kind === kind && !control.dragging;
  const [entered, setEntered] = useState<string | number | null>(null);
  const stored = active ? Number((threshold.value * 100).toPrecision(6)) : '';
  const value = entered ?? stored;
  const valid = typeof value === 'number' && value > 0 && value < 100;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!valid) return;
    control.choose(kind, value / 100);
    setEntered(null);
  };
  return (
    <form onSubmit={submit} className={classes['choice']}>
      <NumberInput
        label={label}
        description={description}
        suffix=" %"
        size="sm"
        hideControls
        clampBehavior="none"
        placeholder="not in use"
        value={value}
        onChange={setEntered}
        error={entered !== null && entered !== '' && !valid ? 'More than 0 and less than 100.' : null}
        rightSectionWidth={62}
        rightSection={
          entered !== null && entered !== '' ? (
            <Button type="submit" size="compact-xs" disabled={!valid}>
              Apply
            </Button>
          ) : null
        }
      />
    </form>
  );
}

interface RateProps {
  weeks: number;
  rows: number;
  flagged: number;
  control: ThresholdControl;
}

/** How often somebody is alerted, entered as alerts a week. */
function WeeklyThreshold({ weeks, rows, flagged, control }: RateProps) {
  const [entered, setEntered] = useState<string | number | null>(null);
  const value = entered ?? (control.dragging ? '' : Number((flagged / weeks).toPrecision(3)));
  const share = typeof value === 'number' ? (value * weeks) / rows : 0;
  const valid = share > 0 && share <= 0.5;
  const changed = entered !== null && entered !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!valid || !changed) return;
    control.choose('contamination', share);
    setEntered(null);
  };
  return (
    <form onSubmit={submit} className={classes['choice']}>
      <NumberInput
        label="Alerts a week"
        description="Flagged rows, over the time of the data"
        size="sm"
        hideControls
        clampBehavior="none"
        value={value}
        onChange={setEntered}
        error={changed && !valid ? 'More than 0, and at most half of the rows.' : null}
        rightSectionWidth={62}
        rightSection={
          changed ? (
            <Button type="submit" size="compact-xs" disabled={!valid}>
              Apply
            </Button>
          ) : null
        }
      />
    </form>
  );
}

function explain(threshold: Threshold, flagged: number): string {
  const { kind, value } = threshold;
  if (flagged === 0) return 'No row reaches the threshold.';
  if (kind === 'fdr') return `At most about ${formatPercent(value)} of the flagged rows are expected to be false alarms.`;
  if (kind === 'contamination') return `The ${formatPercent(value)} of rows with the highest scores are flagged.`;
  if (kind === 'p_value') return `Rows with a p-value of at most ${formatP(value)} are flagged.`;
  if (kind === 'alert_rate') return `About ${formatNumber(value)} false alarms are expected in as many rows, if nothing is wrong.`;
  return `Rows with a score of at least ${formatScore(value)} are flagged.`;
}

interface MeaningProps {
  detection: Detection;
  control: ThresholdControl;
  curve: Curve | undefined;
  weeks: number | null;
}

/** How many alerts the threshold means, and how good they are where that is known. */
function Meaning({ detection, control, curve, weeks }: MeaningProps) {
  const { summary } = detection;
  if (summary === null) return null;
  const read = curve === undefined || control.cutoff === null ? null : consequenceOf(curve, control.cutoff);
  const live: Consequence = control.dragging && read !== null ? read : { anomalies: summary.n_anomalies, pValue: read?.pValue ?? null, exact: true };
  const quality = curve === undefined || control.cutoff === null ? null : qualityOf(curve, control.cutoff);
  const some = live.anomalies > 0;
  return (
    <div role="status" aria-live="polite">
      <div className={classes['figure']}>
        {live.exact ? '' : '≈ '}
        {formatCount(live.anomalies)}
        <span className={classes['unit']}>{live.anomalies === 1 ? 'anomaly' : 'anomalies'}</span>
      </div>
      {some && (
        <Text size="sm" className="soft tabular">
          {formatPercent(summary.n_rows === 0 ? 0 : live.anomalies / summary.n_rows)} of the rows
          {weeks !== null && `, about ${formatNumber(Number((live.anomalies / weeks).toPrecision(2)))} a week`}
          {live.pValue !== null && `, p-value ${live.pValue < 0.0001 ? '' : 'up to '}${formatP(live.pValue).replace(' ', '\u00a0')}`}
        </Text>
      )}
      {quality !== null && some && (
        <Text size="sm" className="tabular" mt={4}>
          By the labels: <strong>{formatPercent(quality.precision)}</strong> of the flagged are anomalies (precision), <strong>{formatPercent(quality.recall)}</strong> of the
          anomalies are flagged (recall).
        </Text>
      )}
      <Text size="sm" mt={4}>
        {control.saving ? 'Saving…' : control.dragging ? 'Let go to keep this threshold.' : explain(summary.threshold, summary.n_anomalies)}
      </Text>
    </div>
  );
}

interface Props {
  detection: Detection;
  control: ThresholdControl;
  /** How long the data last, where they are a series. */
  weeks: number | null;
  /** Whether the reader's role may move the line. */
  allowed: boolean;
}

/** Where the line between normal and anomalous is drawn, and what it means. */
export function ThresholdPanel({ detection, control, weeks, allowed }: Props) {
  const [chosenScale, chooseScale] = useState<AxisScale | null>(null);
  const [logarithmic, setLogarithmic] = useState(true);
  const even = useQuery(distributionQuery(detection.id, 'linear'));
  const curve = even.data?.curve;
  const scale = chosenScale ?? (curve !== undefined && isSqueezed(curve.score, curve.n_anomalies) ? 'log' : 'linear');
  const stretched = useQuery({ ...distributionQuery(detection.id, 'log'), enabled: scale === 'log' });
  const distribution = scale === 'log' ? stretched : even;
  const { summary } = detection;
  if (summary === null) return null;
  const { threshold, default_threshold: usual } = summary;
  const isDefault = usual === null || usual === undefined || (threshold.kind === usual.kind && Math.abs(threshold.value - usual.value) < 1e-9);
  return (
    <Paper component="section" aria-labelledby="threshold-title">
      <Group justify="space-between" mb={4}>
        <Title order={2} id="threshold-title">
          Threshold
        </Title>
        <Group gap="md">
          <Switch size="sm" label="Logarithmic count" checked={logarithmic} onChange={(event) => setLogarithmic(event.currentTarget.checked)} />
          <Switch size="sm" label="Stretched scores" checked={scale === 'log'} onChange={(event) => chooseScale(event.currentTarget.checked ? 'log' : 'linear')} />
        </Group>
      </Group>
      <div className={classes['grid']}>
        <div className={classes['chart']}>
          {distribution.isPending && <Skeleton height={274} />}
          {distribution.isError && <ErrorState error={distribution.error} onRetry={() => void distribution.refetch()} />}
          {distribution.isSuccess && (
            <Histogram distribution={distribution.data} control={control} logarithmic={logarithmic} stretched={scale === 'log'} allowed={allowed} />
          )}
        </div>
        <div className={classes['side']}>
          <Meaning detection={detection} control={control} curve={curve} weeks={weeks} />
          {control.error !== null && <ErrorState error={control.error} title="The threshold was not changed" />}
        </div>
      </div>
      {allowed && (
        <div className={classes['choices']}>
          <PercentThreshold
            label="Expected false alarms"
            description="Share of the flagged rows (FDR q)"
            kind="fdr"
            threshold={threshold}
            control={control}
          />
          <PercentThreshold label="Share of rows" description="Flag this share of all rows" kind="contamination" threshold={threshold} control={control} />
          {weeks !== null && <WeeklyThreshold weeks={weeks} rows={summary.n_rows} flagged={summary.n_anomalies} control={control} />}
          <Button
            variant="default"
            size="xs"
            disabled={isDefault || control.saving}
            onClick={() => usual !== null && usual !== undefined && control.choose(usual.kind, usual.value)}
          >
            Back to the default
          </Button>
        </div>
      )}
    </Paper>
  );
}
