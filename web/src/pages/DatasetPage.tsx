import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { ApiError } from '@/api/client';
import { type Dataset, deleteDataset, renameDataset } from '@/api/datasets';
import { Confirm } from '@/components/Confirm';
import { ErrorState } from '@/components/ErrorState';
import { TrashIcon } from '@/components/icons';
import { Listing } from '@/components/Listing';
import { Notice } from '@/components/Notice';
import { RelativeTime } from '@/components/RelativeTime';
import { Rename } from '@/components/Rename';
import { RoutePending } from '@/components/RouteStates';
import { TextLink } from '@/components/TextLink';
import { ProfileTable } from '@/features/datasets/ProfileTable';
import { datasetQuery } from '@/features/datasets/queries';
import { kindWords } from '@/features/datasets/words';
import { PreviewTable } from '@/features/detect/PreviewTable';
import { DetectionsTable } from '@/features/detections/DetectionsTable';
import { detectionsQuery } from '@/features/detections/queries';
import { useDelete } from '@/features/detections/useDelete';
import { useMay } from '@/features/session/permissions';
import { formatBytes, formatCount, plural } from '@/lib/format';

import classes from './DatasetPage.module.css';

const route = getRouteApi('/shell/datasets/$id');

function DeleteButton({ dataset }: { dataset: Dataset }) {
  const client = useQueryClient();
  const router = useRouter();
  const [asked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteDataset(dataset.id),
    onSuccess: async () => {
      await router.navigate({ to: '/datasets', search: {} });
      client.removeQueries({ queryKey: ['dataset', dataset.id] });
      for (const key of ['datasets', 'overview']) void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const inUse = remove.error instanceof ApiError && remove.error.code === 'data.in_use';
  return (
    <>
      <Button variant="default" leftSection={<TrashIcon size={16} />} onClick={() => setAsked(true)}>
        Delete
      </Button>
      <Confirm
        opened={asked}
        title="Delete this dataset?"
        action="Delete the dataset"
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => {
          setAsked(false);
          remove.reset();
        }}
      >
        <strong>{dataset.name}</strong> with its {plural(dataset.n_rows, 'row')} ({formatBytes(dataset.size_bytes)}) is removed from the server and cannot be brought back.
        {inUse && (
          <>
            {' '}
            <TextLink to="/detections" search={{ dataset: dataset.id }}>
              Show the detections that use it
            </TextLink>
          </>
        )}
      </Confirm>
    </>
  );
}

function Actions({ dataset }: { dataset: Dataset }) {
  const mayDetect = useMay('detections.write');
  const mayTrain = useMay('models.write');
  const mayDelete = useMay('datasets.write');
  return (
    <Group gap="sm">
      {mayDelete && <DeleteButton dataset={dataset} />}
      {mayTrain && (
        <Button variant="default" renderRoot={(props) => <Link to="/models/new" search={{ dataset: dataset.id }} {...props} />}>
          Train a model
        </Button>
      )}
      {mayDetect && (
        <Button renderRoot={(props) => <Link to="/datasets/$id/detect" params={{ id: dataset.id }} search={{}} {...props} />}>Detect anomalies</Button>
      )}
    </Group>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id}>
      <Title order={2} id={id} mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}

function Detections({ dataset }: { dataset: Dataset }) {
  const query = useInfiniteQuery(detectionsQuery({ dataset_id: dataset.id }));
  const detections = query.data?.pages.flatMap((page) => page.items) ?? [];
  const { ask, dialog } = useDelete();
  return (
    <Section id="detections-title" title="Detections in it">
      <Stack gap="sm">
        <Listing
          of="detections"
          query={query}
          count={detections.length}
          empty={
            <Text size="sm" className="soft">
              Nobody has looked for anomalies in this dataset yet.
            </Text>
          }
        >
          <DetectionsTable detections={detections} onDelete={ask} />
        </Listing>
      </Stack>
      {dialog}
    </Section>
  );
}

function Content({ dataset }: { dataset: Dataset }) {
  const client = useQueryClient();
  const mayRename = useMay('datasets.write');
  const rename = async (name: string) => {
    client.setQueryData(['dataset', dataset.id], await renameDataset(dataset.id, name));
    for (const key of ['datasets', 'detections', 'overview']) void client.invalidateQueries({ queryKey: [key] });
  };
  return (
    <Stack gap={28}>
      <div className={classes['head']}>
        <div>
          <TextLink to="/datasets" search={{}} size="sm">
            Datasets
          </TextLink>
          <Rename name={dataset.name} of="dataset" allowed={mayRename} onSave={rename} />
          <Text className="soft tabular data-text">
            {kindWords[dataset.kind]}, {formatCount(dataset.n_rows)} rows, {plural(dataset.n_columns, 'column')}, {formatBytes(dataset.size_bytes)}; {dataset.filename}, uploaded{' '}
            <RelativeTime iso={dataset.created_at} />
          </Text>
        </div>
        <Actions dataset={dataset} />
      </div>
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
      <Section id="columns-title" title="Columns">
        <ProfileTable dataset={dataset} />
      </Section>
      <Section id="preview-title" title="First rows">
        <PreviewTable dataset={dataset} />
      </Section>
      <Detections dataset={dataset} />
    </Stack>
  );
}

export function DatasetPage() {
  const { id } = route.useParams();
  const dataset = useQuery(datasetQuery(id));
  if (dataset.isPending) return <RoutePending />;
  if (dataset.data === undefined) {
    return (
      <Stack>
        {dataset.error !== null && <ErrorState error={dataset.error} title="The dataset cannot be shown" onRetry={() => void dataset.refetch()} />}
        <TextLink to="/datasets" search={{}}>
          All datasets
        </TextLink>
      </Stack>
    );
  }
  return <Content key={dataset.data.id} dataset={dataset.data} />;
}
