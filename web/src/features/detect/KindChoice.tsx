import { Group, SegmentedControl, Select, Text } from '@mantine/core';

import type { DataKind, Dataset } from '@/api/datasets';
import { type Setup, timeCandidates } from '@/features/detect/setup';

interface Props {
  dataset: Dataset;
  setup: Setup;
  onChange: (setup: Setup) => void;
}

/** Whether the rows have an order in time, and which column tells it. */
export function KindChoice({ dataset, setup, onChange }: Props) {
  const candidates = timeCandidates(dataset);
  const changeKind = (kind: string) => {
    const timeColumn = setup.timeColumn ?? candidates[0] ?? null;
    const features = setup.features.filter((name) => kind === 'table' || name !== timeColumn);
    onChange({ ...setup, kind: kind as DataKind, timeColumn, features, algorithm: null, parameters: {} });
  };
  return (
    <Group align="flex-end" gap="lg" mb="md">
      <div>
        <Text size="sm" fw={600} mb={4} id="kind-label">
          Judge the rows as
        </Text>
        <SegmentedControl
          aria-labelledby="kind-label"
          value={setup.kind}
          onChange={changeKind}
          data={[
            { value: 'series', label: 'A time series', disabled: candidates.length === 0 },
            { value: 'table', label: 'Independent rows' },
          ]}
        />
      </div>
      {setup.kind === 'series' && (
        <Select
          label="Time column"
          data={candidates}
          value={setup.timeColumn}
          allowDeselect={false}
          onChange={(timeColumn) => onChange({ ...setup, timeColumn, features: setup.features.filter((name) => name !== timeColumn) })}
        />
      )}
      {candidates.length === 0 && (
        <Text size="sm" className="soft" pb={8}>
          No column of dates was found, so the rows have no order in time.
        </Text>
      )}
    </Group>
  );
}
