import { Button, Collapse, Skeleton, Text } from '@mantine/core';
import { useState } from 'react';

import { ErrorState } from '@/components/ErrorState';
import { ChevronIcon } from '@/components/icons';
import { AlgorithmChoice } from '@/features/detect/AlgorithmChoice';
import { ParameterForm } from '@/features/detect/ParameterForm';
import type { useSetup } from '@/features/detect/useSetup';

import classes from './Learning.module.css';

type State = ReturnType<typeof useSetup>;

/** Which algorithm learns, and how. */
export function Learning({ state }: { state: State }) {
  const { setup, setSetup, algorithms, algorithm, fields, values } = state;
  const [advanced, setAdvanced] = useState(Object.keys(setup.parameters).length > 0);
  if (algorithms.isPending) return <Skeleton height={180} />;
  if (algorithms.error !== null) return <ErrorState error={algorithms.error} onRetry={() => void algorithms.refetch()} />;
  if (algorithm === undefined) return <Text size="sm">No installed algorithm judges this kind of data. Choose the other kind.</Text>;
  const others = algorithms.items.filter(({ installed, name }) => installed && name !== algorithm.name).map(({ name }) => name);
  return (
    <>
      <AlgorithmChoice
        algorithms={algorithms.items}
        kind={setup.kind}
        chosen={algorithm}
        onChoose={(name) => setSetup({ ...setup, algorithm: name, parameters: name === algorithm.name ? setup.parameters : {} })}
      />
      <Button
        mt="sm"
        variant="subtle"
        px={6}
        aria-expanded={advanced}
        aria-controls="advanced"
        rightSection={
          <span className={classes['chevron']} data-open={advanced || undefined}>
            <ChevronIcon size={14} />
          </span>
        }
        onClick={() => setAdvanced(!advanced)}
      >
        Advanced
      </Button>
      <Collapse expanded={advanced} id="advanced">
        <div className={classes['advanced']}>
          <ParameterForm fields={fields} suggestions={others} values={values} onChange={state.changeValues} onReset={() => state.changeValues(null)} />
        </div>
      </Collapse>
    </>
  );
}
