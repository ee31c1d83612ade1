import { Button, Collapse, Group, Paper, SegmentedControl, Select, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { listAlgorithms } from '@/api/algorithms';
import type { DataKind, Dataset } from '@/api/datasets';
import { startDetection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { ChevronIcon } from '@/components/icons';
import listing from '@/components/listing.module.css';
import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';
import { RoutePending } from '@/components/RouteStates';
import { keepAnswer } from '@/features/detections/queries';
import { datasetQuery } from '@/features/datasets/queries';
import { AlgorithmChoice } from '@/features/detect/AlgorithmChoice';
import { ColumnsTable } from '@/features/detect/ColumnsTable';
import { ParameterForm } from '@/features/detect/ParameterForm';
import { PreviewTable } from '@/features/detect/PreviewTable';
import { defaultsOf, fieldsOf, type FormValues } from '@/features/detect/schema';
import { chooseAlgorithm, hasProblems, initialSetup, newDetection, setupProblem, timeCandidates } from '@/features/detect/setup';
import { formatBytes, formatCount, plural } from '@/lib/format';

import classes from './NewDetectionPage.module.css';

const route = getRouteApi('/shell/datasets/$id/detect');

function useSetup(dataset: Dataset) {
  const [setup, setSetup] = useState(() => initialSetup(dataset));
  const [wanted, setWanted] = useState<string | null>(null);
  const [changes, setChanges] = useState<Record<string, FormValues>>({});
  const algorithms = useQuery({
    queryKey: ['algorithms', setup.kind],
    queryFn: ({ signal }) => listAlgorithms(setup.kind, signal),
    staleTime: Infinity,
  });
  const algorithm = chooseAlgorithm(algorithms.data?.items ?? [], setup.kind, wanted);
  const fields = useMemo(() => (algorithm === undefined ? [] : fieldsOf(algorithm.parameters)), [algorithm]);
  const name = algorithm?.name ?? '';
  const values = changes[name] ?? defaultsOf(fields);
  const changeValues = (next: FormValues | null) =>
    setChanges(({ [name]: _, ...others }) => (next === null ? others : { ...others, [name]: next }));
  return { setup, setSetup, setWanted, algorithms, algorithm, fields, values, changeValues };
}

function KindChoice({ dataset, state }: { dataset: Dataset; state: ReturnType<typeof useSetup> }) {
  const { setup, setSetup } = state;
  const candidates = timeCandidates(dataset);
  const changeKind = (kind: string) => {
    const timeColumn = setup.timeColumn ?? candidates[0] ?? null;
    const features = setup.features.filter((name) => kind === 'table' || name !== timeColumn);
    setSetup({ kind: kind as DataKind, timeColumn, features });
  };
  return (
    <Group align="flex-end" gap="lg" mb="md">
      <div>
        <Text size="sm" fw={500} mb={4} id="kind-label">
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
          onChange={(timeColumn) =>
            setSetup({ ...setup, timeColumn, features: setup.features.filter((name) => name !== timeColumn) })
          }
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

function Configure({ dataset }: { dataset: Dataset }) {
  const state = useSetup(dataset);
  const { setup, algorithms, algorithm, fields, values } = state;
  const [advanced, setAdvanced] = useState(false);
  const client = useQueryClient();
  const router = useRouter();
  const start = useMutation({
    mutationFn: startDetection,
    onSuccess: async (detection) => {
      keepAnswer(client, detection);
      void client.invalidateQueries({ queryKey: ['detections'] });
      await router.navigate({ to: '/detections/$id', params: { id: detection.id } });
    },
  });
  const problem = setupProblem(setup);
  const blocked = algorithm === undefined || problem !== null || hasProblems(fields, values);
  return (
    <Stack gap="xl">
      {dataset.warnings.length > 0 && (
        <Notice tone="warning" title="Noticed while reading the file">
          <ul className={classes['warnings']}>
            {dataset.warnings.map((warning) => (
              <li key={warning} className="data-text">
                {warning}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <div className={classes['columns']}>
        <Stack gap="xl" className={classes['side']}>
          <Paper component="section" aria-labelledby="columns-title">
            <Title order={2} id="columns-title" mb="md">
              Columns
            </Title>
            <KindChoice dataset={dataset} state={state} />
            <div className={listing['card']}>
              <ColumnsTable dataset={dataset} setup={setup} onChange={state.setSetup} />
            </div>
          </Paper>
          <Paper component="section" aria-labelledby="preview-title">
            <Title order={2} id="preview-title" mb="md">
              Preview
            </Title>
            <PreviewTable dataset={dataset} />
          </Paper>
        </Stack>
        <Paper component="section" aria-labelledby="algorithm-title" className={classes['algorithm']}>
          <Title order={2} id="algorithm-title" mb="md">
            Algorithm
          </Title>
          {algorithms.isPending && <Skeleton height={180} />}
          {algorithms.isError && <ErrorState error={algorithms.error} onRetry={() => void algorithms.refetch()} />}
          {algorithms.isSuccess && algorithm === undefined && (
            <Text size="sm">No installed algorithm judges this kind of data. Choose the other kind on the left.</Text>
          )}
          {algorithms.isSuccess && algorithm !== undefined && (
            <>
              <AlgorithmChoice
                algorithms={algorithms.data.items}
                kind={setup.kind}
                chosen={algorithm}
                onChoose={state.setWanted}
              />
              <Button
                mt="md"
                variant="subtle"
                px={6}
                aria-expanded={advanced}
                aria-controls="advanced"
                rightSection={<ChevronIcon size={14} />}
                onClick={() => setAdvanced(!advanced)}
              >
                Advanced
              </Button>
              <Collapse expanded={advanced} id="advanced">
                <div className={classes['advanced']}>
                  <ParameterForm fields={fields} values={values} onChange={state.changeValues} onReset={() => state.changeValues(null)} />
                </div>
              </Collapse>
            </>
          )}
          <div className={classes['start']}>
            {start.isError && <ErrorState error={start.error} title="The detection did not start" />}
            {problem !== null && (
              <Text size="sm" role="status" fw={500}>
                {problem}
              </Text>
            )}
            <Button
              size="md"
              fullWidth
              disabled={blocked}
              loading={start.isPending}
              onClick={() => algorithm !== undefined && start.mutate(newDetection(dataset, setup, algorithm, fields, values))}
            >
              Start detection
            </Button>
            <Text size="xs" className="soft" ta="center">
              {plural(dataset.n_rows, 'row')}, {plural(setup.features.length, 'column')} judged. The threshold can be moved afterwards.
            </Text>
          </div>
        </Paper>
      </div>
    </Stack>
  );
}

export function NewDetectionPage() {
  const { id } = route.useParams();
  const dataset = useQuery(datasetQuery(id));
  if (dataset.isPending) return <RoutePending />;
  if (dataset.isError) {
    return (
      <Stack>
        <ErrorState error={dataset.error} title="The dataset cannot be shown" onRetry={() => void dataset.refetch()} />
        <TextLink to="/">
          All datasets
        </TextLink>
      </Stack>
    );
  }
  return (
    <Stack gap="lg">
      <div>
        <TextLink to="/" size="sm">
          Home
        </TextLink>
        <PageTitle tab={`New detection in ${dataset.data.name}`}>{dataset.data.name}</PageTitle>
        <Text className="soft tabular">
          {dataset.data.kind === 'series' ? 'Time series' : 'Table'}, {formatCount(dataset.data.n_rows)} rows,{' '}
          {plural(dataset.data.n_columns, 'column')}, {formatBytes(dataset.data.size_bytes)}
        </Text>
      </div>
      <Configure key={dataset.data.id} dataset={dataset.data} />
    </Stack>
  );
}
