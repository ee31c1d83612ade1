import { useState } from 'react';

import { Badge, Button, Group, Radio, Stack, Text } from '@mantine/core';

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

/** So many are shown before the reader asks for all. */
const shownAtFirst = 4;

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
  const [all, setAll] = useState(false);
  const ordered = order(algorithms, kind);
  const shown = all ? ordered : ordered.filter((algorithm, place) => place < shownAtFirst || algorithm.name === chosen.name);
  const hidden = ordered.length - shown.length;
  return (
    <Radio.Group value={chosen.name} onChange={onChoose} aria-labelledby="algorithm-title">
      <Stack gap={8}>
        {shown.map((algorithm) => (
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
        {hidden > 0 && (
          <Button variant="subtle" size="sm" onClick={() => setAll(true)} style={{ alignSelf: 'flex-start' }}>
            Show {hidden} more {hidden === 1 ? 'algorithm' : 'algorithms'}
          </Button>
        )}
      </Stack>
    </Radio.Group>
  );
}
