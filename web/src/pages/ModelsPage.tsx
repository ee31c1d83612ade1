import { Button, Group, Stack, Switch } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';

import { EmptyState } from '@/components/EmptyState';
import { Listing } from '@/components/Listing';
import listing from '@/components/listing.module.css';
import { PageTitle } from '@/components/PageTitle';
import { SearchField } from '@/components/SearchField';
import { TextLink } from '@/components/TextLink';
import { ImportModel } from '@/features/models/ImportModel';
import { ModelsTable } from '@/features/models/ModelsTable';
import { modelsQuery } from '@/features/models/queries';
import { useMay } from '@/features/session/permissions';
import type { ModelsSearch } from '@/router';

const route = getRouteApi('/shell/models');

function TrainButton() {
  return <Button renderRoot={(props) => <Link to="/models/new" search={{}} {...props} />}>Train a model</Button>;
}

function Empty({ filtered, mayWrite }: { filtered: boolean; mayWrite: boolean }) {
  if (filtered) {
    return (
      <EmptyState title="No model fits" action={<TextLink to="/models" search={{}}>Show all models</TextLink>}>
        Nothing fits the search and the choice above.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No model yet" action={mayWrite ? <TrainButton /> : undefined}>
      A model learns what is normal once and judges rows from then on: one at a time over the API, or whole data sets.{' '}
      {mayWrite ? 'Train one from a data set, or import a file that was trained elsewhere.' : 'Your role reads: an analyst or administrator trains the first one.'}
    </EmptyState>
  );
}

export function ModelsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayWrite = useMay('models.write');
  const archived = search.archived === 'true';
  const query = useInfiniteQuery(modelsQuery({ q: search.q, archived }));
  const models = query.data?.pages.flatMap((page) => page.items) ?? [];
  const change = useCallback(
    (next: ModelsSearch) => void navigate({ to: '/models', search: (before) => ({ ...before, ...next }) as ModelsSearch, replace: true }),
    [navigate],
  );
  const lookFor = useCallback((q: string | undefined) => change({ q } as ModelsSearch), [change]);
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <PageTitle>Models</PageTitle>
        {mayWrite && (
          <Group gap="sm">
            <ImportModel />
            <TrainButton />
          </Group>
        )}
      </Group>
      <div className={listing['filters']}>
        <SearchField label="Search by name" value={search.q} onChange={lookFor} />
        <Switch
          label="Archived ones"
          checked={archived}
          style={{ alignSelf: 'center' }}
          onChange={(event) => change({ archived: event.currentTarget.checked ? 'true' : undefined } as ModelsSearch)}
        />
      </div>
      <Listing of="models" query={query} count={models.length} empty={<Empty filtered={search.q !== undefined || archived} mayWrite={mayWrite} />}>
        <ModelsTable models={models} />
      </Listing>
    </Stack>
  );
}
