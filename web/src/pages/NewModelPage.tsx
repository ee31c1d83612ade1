import { Button, Paper, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback, useState } from 'react';

import type { Dataset } from '@/api/datasets';
import { type NewModel, trainModel } from '@/api/models';
import { EmptyState } from '@/components/EmptyState';
import { ErrorState } from '@/components/ErrorState';
import listing from '@/components/listing.module.css';
import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { RoutePending } from '@/components/RouteStates';
import { TextLink } from '@/components/TextLink';
import { datasetQuery, datasetsQuery } from '@/features/datasets/queries';
import { ColumnsTable } from '@/features/detect/ColumnsTable';
import { KindChoice } from '@/features/detect/KindChoice';
import { Learning } from '@/features/detect/Learning';
import { PreviewTable } from '@/features/detect/PreviewTable';
import { hasProblems, newDetection, setupProblem, thresholdProblem } from '@/features/detect/setup';
import { ThresholdChoice } from '@/features/detect/ThresholdChoice';
import { useSetup } from '@/features/detect/useSetup';
import { modelsQuery, refreshModels } from '@/features/models/queries';
import { useMay } from '@/features/session/permissions';
import { plural } from '@/lib/format';
import { newKey } from '@/lib/keys';
import type { NewDetectionSearch } from '@/router';

import classes from './NewModelPage.module.css';

const route = getRouteApi('/shell/models/new');
const pauseMs = 250;

/** The dataset to learn from: the newest ones, and those that fit what is typed. */
function DatasetChoice({ chosen, onChoose }: { chosen: Dataset | undefined; onChoose: (id: string) => void }) {
  const [typed, setTyped] = useState('');
  const [settled] = useDebouncedValue(typed, pauseMs);
  const wanted = settled.trim() === '' || settled === chosen?.name ? undefined : settled.trim();
  const query = useInfiniteQuery(datasetsQuery({ q: wanted }));
  const found = query.data?.pages.flatMap((page) => page.items) ?? [];
  const known = chosen === undefined || found.some((dataset) => dataset.id === chosen.id) ? found : [chosen, ...found];
  if (query.isError) return <ErrorState error={query.error} title="The datasets cannot be shown" onRetry={() => void query.refetch()} />;
  if (query.isSuccess && known.length === 0 && wanted === undefined) {
    return (
      <EmptyState title="No dataset yet" action={<TextLink to="/datasets" search={{}}>Upload a dataset</TextLink>}>
        A model learns from a dataset: upload one first.
      </EmptyState>
    );
  }
  return (
    <Select
      label="Dataset to learn from"
      description="Rows that are mostly normal: what is common in them becomes the norm."
      placeholder="Type to search"
      searchable
      maw={460}
      nothingFoundMessage={query.isFetching ? 'Looking…' : 'No dataset has this name'}
      data={known.map((dataset) => ({ value: dataset.id, label: `${dataset.name} (${plural(dataset.n_rows, 'row')})` }))}
      filter={({ options }) => options}
      value={chosen?.id ?? null}
      onSearchChange={setTyped}
      onChange={(id) => id !== null && onChoose(id)}
    />
  );
}

/** What the name means: a new model, or the next version of a known one. */
function NameField({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const [settled] = useDebouncedValue(name.trim(), pauseMs);
  const query = useInfiniteQuery({ ...modelsQuery({ q: settled }), enabled: settled !== '' });
  const known = query.data?.pages.flatMap((page) => page.items).find((model) => model.name === name.trim());
  return (
    <TextInput
      label="Name of the model"
      description={known === undefined ? 'A name that exists already gets the next version.' : `This becomes version ${(known.latest?.version ?? known.n_versions) + 1} of a model that exists.`}
      value={name}
      maxLength={200}
      placeholder="pump vibration"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Train({ order, problem, blocked, words }: { order: Omit<NewModel, 'name'> | undefined; problem: string | null; blocked: boolean; words: string }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const name = search.name ?? '';
  const rename = (next: string) => void navigate({ to: '/models/new', search: (before) => ({ ...before, name: next }), replace: true, resetScroll: false });
  const body = order === undefined ? undefined : { ...order, name: name.trim() };
  const said = JSON.stringify(body);
  const [attempt, setAttempt] = useState({ said, key: '' });
  const train = useMutation({
    mutationFn: ({ sent, key }: { sent: NewModel; key: string }) => trainModel(sent, key),
    onSuccess: async (version) => {
      refreshModels(client);
      await navigate({ to: '/models/$id', params: { id: version.model_id }, search: { version: String(version.version) } });
    },
  });
  const start = () => {
    if (body === undefined) return;
    // The same order under the same key: trying again after a lost answer trains once.
    const key = attempt.said === said && attempt.key !== '' ? attempt.key : newKey();
    setAttempt({ said, key });
    train.mutate({ sent: body, key });
  };
  const missing = name.trim() === '' ? 'Give the model a name.' : problem;
  return (
    <div className={classes['train']}>
      <NameField name={name} onChange={rename} />
      {train.isError && <ErrorState error={train.error} title="The training did not start" />}
      {missing !== null && (
        <Text size="sm" role="status" fw={500}>
          {missing}
        </Text>
      )}
      <Button size="md" fullWidth disabled={blocked || missing !== null || body === undefined} loading={train.isPending} onClick={start}>
        Train
      </Button>
      <Text size="xs" className="soft" ta="center">
        {words}
      </Text>
    </div>
  );
}

function Configure({ dataset }: { dataset: Dataset }) {
  const { dataset: datasetId, ...search } = route.useSearch();
  const navigate = useNavigate();
  const write = useCallback(
    (next: NewDetectionSearch) => void navigate({ to: '/models/new', search: { ...next, ...(datasetId === undefined ? {} : { dataset: datasetId }) }, replace: true, resetScroll: false }),
    [navigate, datasetId],
  );
  const state = useSetup(dataset, search, write);
  const { setup, setSetup, algorithm, fields, values } = state;
  const problem = setupProblem(setup) ?? thresholdProblem(setup.threshold);
  const { name: _, ...order } = algorithm === undefined ? { name: '' } : newDetection(dataset, setup, algorithm, fields, values);
  return (
    <div className={classes['columns']}>
      <Stack gap="xl" className={classes['side']}>
        <Paper component="section" aria-labelledby="columns-title">
          <Title order={2} id="columns-title" mb="md">
            Columns
          </Title>
          <KindChoice dataset={dataset} setup={setup} onChange={setSetup} />
          <div className={listing['card']}>
            <ColumnsTable dataset={dataset} setup={setup} onChange={setSetup} />
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
        <Title order={2} id="algorithm-title" mb="sm">
          Algorithm
        </Title>
        <Learning state={state} />
        <div className={classes['threshold']}>
          <ThresholdChoice threshold={setup.threshold} onChange={(threshold) => setSetup({ ...setup, threshold })} later="Rows to come are held against the score that it means in the training data." />
        </div>
        <Train
          order={algorithm === undefined ? undefined : { ...order, dataset_id: dataset.id }}
          problem={problem}
          blocked={problem !== null || hasProblems(fields, values)}
          words={`${plural(dataset.n_rows, 'row')}, ${plural(setup.features.length, 'column')} learned from.`}
        />
      </Paper>
    </div>
  );
}

/** Sets up the training of a model. */
export function NewModelPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayWrite = useMay('models.write');
  const dataset = useQuery({ ...datasetQuery(search.dataset ?? ''), enabled: search.dataset !== undefined });
  // Another dataset has other columns: only the name goes along.
  const choose = (id: string) => void navigate({ to: '/models/new', search: { dataset: id, ...(search.name === undefined ? {} : { name: search.name }) }, replace: true });
  return (
    <Stack gap="lg">
      <div>
        <TextLink to="/models" search={{}} size="sm">
          Models
        </TextLink>
        <PageTitle>Train a model</PageTitle>
      </div>
      {mayWrite ? (
        <>
          <DatasetChoice chosen={dataset.data} onChoose={choose} />
          {search.dataset !== undefined && dataset.isPending && <RoutePending />}
          {dataset.isError && <ErrorState error={dataset.error} title="The dataset cannot be shown" onRetry={() => void dataset.refetch()} />}
          {dataset.data !== undefined && <Configure key={dataset.data.id} dataset={dataset.data} />}
        </>
      ) : (
        <Notice tone="warning" title="Your role does not train models">
          <Text size="sm">It reads what others trained. Ask an administrator of your tenant for the role of an analyst.</Text>
        </Notice>
      )}
    </Stack>
  );
}
