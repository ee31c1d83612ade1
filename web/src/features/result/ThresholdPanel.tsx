import { Button, Group, NumberInput, Paper, Skeleton, Switch, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';

import type { Detection, Threshold, ThresholdKind } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { Histogram } from '@/features/result/Histogram';
import { distributionQuery } from '@/features/result/queries';
import { defaultThreshold, type ThresholdControl } from '@/features/result/useThreshold';
import { consequenceOf } from '@/lib/curve';
import { formatCount, formatP, formatPercent, formatScore } from '@/lib/format';

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

function explain(threshold: Threshold): string {
  const { kind, value } = threshold;
  if (kind === 'fdr') return `At most about ${formatPercent(value)} of the flagged rows are expected to be false alarms.`;
  if (kind === 'contamination') return `The ${formatPercent(value)} of rows with the highest scores are flagged.`;
  if (kind === 'p_value') return `Rows with a p-value of at most ${formatP(value)} are flagged.`;
  if (kind === 'alert_rate') return `About ${value} alerts are expected where nothing is wrong.`;
  return `Rows with a score of at least ${formatScore(value)} are flagged.`;
}

interface Props {
  detection: Detection;
  control: ThresholdControl;
}

/** Where the line between normal and anomalous is drawn, and what it means. */
export function ThresholdPanel({ detection, control }: Props) {
  const distribution = useQuery(distributionQuery(detection.id));
  const [logarithmic, setLogarithmic] = useState(true);
  const { summary } = detection;
  if (summary === null) return null;
  const { threshold } = summary;
  const live =
    control.cutoff === null || distribution.data === undefined || !control.dragging
      ? { anomalies: summary.n_anomalies, pValue: distribution.data === undefined || control.cutoff === null ? null : consequenceOf(distribution.data.curve, control.cutoff).pValue, exact: true }
      : consequenceOf(distribution.data.curve, control.cutoff);
  const isDefault = threshold.kind === defaultThreshold.kind && Math.abs(threshold.value - defaultThreshold.value) < 1e-9;
  return (
    <Paper component="section" aria-labelledby="threshold-title">
      <Group justify="space-between" mb={4}>
        <Title order={2} id="threshold-title">
          Threshold
        </Title>
        <Switch size="sm" label="Logarithmic count" checked={logarithmic} onChange={(event) => setLogarithmic(event.currentTarget.checked)} />
      </Group>
      <div className={classes['grid']}>
        <div className={classes['chart']}>
          {distribution.isPending && <Skeleton height={274} />}
          {distribution.isError && <ErrorState error={distribution.error} onRetry={() => void distribution.refetch()} />}
          {distribution.isSuccess && <Histogram distribution={distribution.data} control={control} logarithmic={logarithmic} />}
        </div>
        <div className={classes['side']}>
          <div role="status" aria-live="polite">
            <div className={classes['figure']}>
              {live.exact ? '' : '≈ '}
              {formatCount(live.anomalies)}
              <span className={classes['unit']}>{live.anomalies === 1 ? 'anomaly' : 'anomalies'}</span>
            </div>
            <Text size="sm" className="soft tabular">
              {formatPercent(summary.n_rows === 0 ? 0 : live.anomalies / summary.n_rows)} of the rows
              {live.pValue !== null && `, p-value ${live.pValue < 0.0001 ? '' : 'up to '}${formatP(live.pValue)}`}
            </Text>
            <Text size="sm" mt={4}>
              {control.saving ? 'Saving…' : control.dragging ? 'Let go to keep this threshold.' : explain(threshold)}
            </Text>
          </div>
          {control.error !== null && <ErrorState error={control.error} title="The threshold was not changed" />}
          <PercentThreshold
            label="Expected false alarms"
            description="Share of the flagged rows (FDR q)"
            kind="fdr"
            threshold={threshold}
            control={control}
          />
          <PercentThreshold label="Share of rows" description="Flag this share of all rows" kind="contamination" threshold={threshold} control={control} />
          <Button
            variant="default"
            size="xs"
            disabled={isDefault || control.saving}
            onClick={() => control.choose(defaultThreshold.kind, defaultThreshold.value)}
          >
            Back to the default
          </Button>
        </div>
      </div>
    </Paper>
  );
}
