import { Button, Group, Menu, Paper, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';

import { type Model, type ModelVersion, restoreModel } from '@/api/models';
import { ErrorState } from '@/components/ErrorState';
import { ChevronIcon } from '@/components/icons';
import { Listing } from '@/components/Listing';
import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { RoutePending } from '@/components/RouteStates';
import { TextLink } from '@/components/TextLink';
import { EmptyState } from '@/components/EmptyState';
import { ImportModel } from '@/features/models/ImportModel';
import { modelQuery, refreshModels, versionsQuery } from '@/features/models/queries';
import { TryIt } from '@/features/models/TryIt';
import { useModelActions } from '@/features/models/useModelActions';
import { VersionPanel } from '@/features/models/VersionPanel';
import { VersionsTable } from '@/features/models/VersionsTable';
import { useMay } from '@/features/session/permissions';
import { plural } from '@/lib/format';

const route = getRouteApi('/shell/models/$id');

function Archived({ model, mayWrite }: { model: Model; mayWrite: boolean }) {
  const client = useQueryClient();
  const restore = useMutation({ mutationFn: () => restoreModel(model.id), onSuccess: () => refreshModels(client) });
  return (
    <Notice tone="note" title="This model is archived">
      <Text size="sm">It judges no rows and takes no new versions until it is restored.</Text>
      {mayWrite && (
        <Button size="xs" variant="default" mt="sm" loading={restore.isPending} onClick={() => restore.mutate()}>
          Restore the model
        </Button>
      )}
      {restore.isError && <ErrorState error={restore.error} title="It was not restored" />}
    </Notice>
  );
}

/** The version that a reader most likely wants to see: the one in production, else the newest. */
function chosenVersion(model: Model, versions: ModelVersion[], wanted: string | undefined): ModelVersion | undefined {
  return versions.find((version) => String(version.version) === wanted) ?? (wanted === undefined ? (versions.find((version) => version.version === model.production?.version) ?? versions[0]) : undefined);
}

function Head({ model, mayWrite, onAsk }: { model: Model; mayWrite: boolean; onAsk: ReturnType<typeof useModelActions>['ask'] }) {
  const dataset = model.latest?.dataset?.id;
  return (
    <Group justify="space-between" align="flex-end">
      <div>
        <TextLink to="/models" search={{}} size="sm">
          Models
        </TextLink>
        <PageTitle>{model.name}</PageTitle>
        <Text className="soft">
          {model.production === null ? 'No version is in production' : `Version ${model.production.version} is in production`}, {plural(model.n_versions, 'version')}
        </Text>
      </div>
      {mayWrite && (
        <Group gap="sm">
          {model.archived_at === null && (
            <>
              <Button renderRoot={(props) => <Link to="/models/new" search={{ name: model.name, ...(dataset === undefined ? {} : { dataset }) }} {...props} />}>Train a new version</Button>
              <ImportModel name={model.name} />
            </>
          )}
          <Menu position="bottom-end" width={220} shadow="md">
            <Menu.Target>
              <Button variant="default" rightSection={<ChevronIcon size={14} />}>
                Model
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {model.archived_at === null && <Menu.Item onClick={() => onAsk({ action: 'archive model' })}>Archive the model</Menu.Item>}
              <Menu.Item onClick={() => onAsk({ action: 'delete model' })}>Delete the model</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      )}
    </Group>
  );
}

function Shown({ model }: { model: Model }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayWrite = useMay('models.write');
  const mayScore = useMay('models.score');
  const query = useInfiniteQuery(versionsQuery(model.id));
  const versions = query.data?.pages.flatMap((page) => page.items) ?? [];
  const version = chosenVersion(model, versions, search.version);
  const compared = versions.find((other) => String(other.version) === search.compare);
  const { ask, dialog } = useModelActions(model, (what) => {
    if (what === 'model') void navigate({ to: '/models', search: {} });
    else void navigate({ to: '/models/$id', params: { id: model.id }, search: {}, replace: true });
  });
  const compare = (with_: string | null) =>
    void navigate({
      to: '/models/$id',
      params: { id: model.id },
      search: { version: String(version?.version ?? ''), ...(with_ === null ? {} : { compare: with_ }) },
      replace: true,
      resetScroll: false,
    });
  return (
    <Stack gap="lg">
      <Head model={model} mayWrite={mayWrite} onAsk={ask} />
      {model.archived_at !== null && <Archived model={model} mayWrite={mayWrite} />}
      <Stack component="section" gap="sm" aria-label="Versions">
        <Listing of="versions" query={query} count={versions.length} empty={<EmptyState title="No version left">All versions were deleted. Train or import the next one.</EmptyState>}>
          <VersionsTable versions={versions} shown={version?.version ?? 0} />
        </Listing>
      </Stack>
      {query.isSuccess && version === undefined && versions.length > 0 && (
        <Notice tone="note" title={`Version ${search.version ?? ''} is not in the list`}>
          <Text size="sm">It may have been deleted, or is further down. Choose another one above.</Text>
        </Notice>
      )}
      {version !== undefined && (
        <>
          <VersionPanel version={version} others={versions} compared={compared} mayWrite={mayWrite} onAsk={(action) => ask({ action, version })} onCompare={compare} />
          {mayScore && version.status === 'succeeded' && model.archived_at === null && (
            <Paper component="section" aria-labelledby="try-title">
              <Title order={2} id="try-title" mb="xs">
                Try version {version.version}
              </Title>
              <TryIt key={version.id} version={version} inProduction={version.stage === 'production'} />
            </Paper>
          )}
        </>
      )}
      {dialog}
    </Stack>
  );
}

export function ModelPage() {
  const { id } = route.useParams();
  const model = useQuery(modelQuery(id));
  if (model.isPending) return <RoutePending />;
  if (model.data === undefined) {
    return (
      <Stack>
        <ErrorState error={model.error} title="The model cannot be shown" onRetry={() => void model.refetch()} />
        <TextLink to="/models" search={{}}>
          All models
        </TextLink>
      </Stack>
    );
  }
  return <Shown key={model.data.id} model={model.data} />;
}
