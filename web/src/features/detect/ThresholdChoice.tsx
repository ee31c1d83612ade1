import { NumberInput, Select, Text } from '@mantine/core';

import type { ThresholdKind } from '@/api/detections';
import { type Setup, thresholdProblem, thresholdRules } from '@/features/detect/setup';

import classes from './ThresholdChoice.module.css';

const own = 'own';
const choices = [{ value: own, label: 'As the server suggests' }, ...Object.entries(thresholdRules).map(([value, { label }]) => ({ value, label }))];

interface Props {
  threshold: Setup['threshold'];
  onChange: (threshold: Setup['threshold']) => void;
  /** What the choice means for later. */
  later?: string;
}

/** Where the line between normal and anomalous is drawn, and what that means. */
export function ThresholdChoice({ threshold, onChange, later = 'It can be moved afterwards, without judging again.' }: Props) {
  const rule = threshold === null ? null : thresholdRules[threshold.kind];
  const percent = rule?.unit === 'percent';
  const value = threshold?.value ?? null;
  const shown = value === null ? '' : percent ? Number((value * 100).toPrecision(8)) : value;
  return (
    <div className={classes['choice']}>
      <div className={classes['fields']} data-alone={threshold === null || undefined}>
        <Select
          label="Threshold"
          data={choices}
          value={threshold?.kind ?? own}
          allowDeselect={false}
          onChange={(kind) => {
            if (kind === null || kind === own) onChange(null);
            else onChange({ kind: kind as ThresholdKind, value: thresholdRules[kind as ThresholdKind].suggested });
          }}
        />
        {threshold !== null && (
          <NumberInput
            label="Value"
            value={shown}
            suffix={percent ? ' %' : ''}
            hideControls
            clampBehavior="none"
            error={thresholdProblem(threshold)}
            onChange={(entered) => {
              const number = entered === '' ? null : Number(entered);
              onChange({ kind: threshold.kind, value: number === null ? null : percent ? Number((number / 100).toPrecision(12)) : number });
            }}
          />
        )}
      </div>
      <Text size="xs" className="soft" mt={6}>
        {rule?.meaning ?? 'Chosen so that few of the flagged rows are false alarms.'} {later}
      </Text>
    </div>
  );
}
