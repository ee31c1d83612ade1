import { Badge, Group, Radio, Text, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

import type { Algorithm } from '@/api/algorithms';
import type { DataKind } from '@/api/datasets';
import { SearchIcon } from '@/components/icons';
import { defaultAlgorithm } from '@/features/detect/setup';
import { fitting, grouped } from '@/features/detect/catalogue';
import { algorithmLabel, plural } from '@/lib/format';

import classes from './AlgorithmChoice.module.css';

interface Props {
  algorithms: Algorithm[];
  kind: DataKind;
  chosen: Algorithm;
  onChoose: (name: string) => void;
}

/** Below so many there is nothing to search. */
const searchedFrom = 6;

/** So much of what stands above the chosen one stays in sight. */
const shownAbovePx = 40;

function Card({ algorithm, recommended }: { algorithm: Algorithm; recommended: boolean }) {
  return (
    <Radio.Card value={algorithm.name} disabled={!algorithm.installed} className={classes['card']}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Radio.Indicator mt={2} />
        <div>
          <Group gap={8}>
            <Text fw={600} size="sm">
              {algorithmLabel(algorithm.name)}
            </Text>
            {recommended && (
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
  );
}

/** All algorithms that are offered for this kind of data, by family, the recommended one first. */
export function AlgorithmChoice({ algorithms, kind, chosen, onChoose }: Props) {
  const [sought, setSought] = useState('');
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A link may have chosen one further down.
    const card = list.current?.querySelector<HTMLElement>('[data-checked]');
    if (list.current !== null && card !== undefined && card !== null) list.current.scrollTop = card.offsetTop - list.current.offsetTop - shownAbovePx;
  }, []);
  const groups = grouped(fitting(algorithms, sought), defaultAlgorithm[kind]);
  return (
    <>
      {algorithms.length >= searchedFrom && (
        <TextInput
          type="search"
          aria-label="Search the algorithms"
          placeholder={`Search ${plural(algorithms.length, 'algorithm')}`}
          leftSection={<SearchIcon size={16} />}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
          mb="sm"
        />
      )}
      <Radio.Group value={chosen.name} onChange={onChoose} aria-label="Algorithm">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no pointer scrolls a focused region by the arrow keys */}
        <div ref={list} className={classes['list']} data-long={algorithms.length >= searchedFrom || undefined} role="region" aria-label="Algorithms offered" tabIndex={0}>
          {groups.map(({ family, items }) => (
            <div key={family} className={classes['group']}>
              {family !== '' && <h3 className={classes['family']}>{family}</h3>}
              {items.map((algorithm) => (
                <Card key={algorithm.name} algorithm={algorithm} recommended={algorithm.name === defaultAlgorithm[kind]} />
              ))}
            </div>
          ))}
          {groups.length === 0 && (
            <Text size="sm" className="soft" role="status">
              No algorithm fits “{sought}”.
            </Text>
          )}
        </div>
      </Radio.Group>
      {sought !== '' && !fitting(algorithms, sought).includes(chosen) && (
        <Text size="sm" mt={8} className="soft">
          Chosen: {algorithmLabel(chosen.name)}
        </Text>
      )}
    </>
  );
}
