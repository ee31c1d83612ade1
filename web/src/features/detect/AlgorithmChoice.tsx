import { Badge, Group, Radio, Stack, Text } from '@mantine/core';

import type { Algorithm } from '@/api/algorithms';
import type { DataKind } from '@/api/datasets';
import { defaultAlgorithm } from '@/features/detect/setup';
import { algorithmLabel } from '@/lib/format';

import classes from './AlgorithmChoice.module.css';

interface Props {
  algorithms: Algorithm[];
  kind: DataKind;
  chosen: Algorithm;
  onChoose: (name: string) => void;
}

function order(algorithms: Algorithm[], kind: DataKind): Algorithm[] {
  const first = defaultAlgorithm[kind];
  return algorithms.toSorted(
    (left, right) =>
      Number(right.name === first) - Number(left.name === first) ||
      Number(right.installed) - Number(left.installed) ||
      left.name.localeCompare(right.name),
  );
}

export function AlgorithmChoice({ algorithms, kind, chosen, onChoose }: Props) {
  return (
    <Radio.Group value={chosen.name} onChange={onChoose} aria-labelledby="algorithm-title">
      <Stack gap={8}>
        {order(algorithms, kind).map((algorithm) => (
          <Radio.Card key={algorithm.name} value={algorithm.name} disabled={!algorithm.installed} className={classes['card']}>
            <Group wrap="nowrap" align="flex-start" gap="sm">
              <Radio.Indicator mt={2} />
              <div>
                <Group gap={8}>
                  <Text fw={600} size="sm">
                    {algorithmLabel(algorithm.name)}
                  </Text>
                  {algorithm.name === defaultAlgorithm[kind] && (
                    <Badge size="sm" variant="light" tt="none">
                      Recommended
                    </Badge>
                  )}
                </Group>
                <Text size="sm" className="soft">
                  {algorithm.summary}
                </Text>
                {!algorithm.installed && (
                  <Text size="xs" className="soft">
                    Not installed on this server; it needs the extra “{algorithm.extra}”.
                  </Text>
                )}
              </div>
            </Group>
          </Radio.Card>
        ))}
      </Stack>
    </Radio.Group>
  );
}
