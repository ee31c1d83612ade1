import { Button, Group, Select, Stack } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';

import { EmptyState } from '@/components/EmptyState';
import { Listing } from '@/components/Listing';
import listing from '@/components/listing.module.css';
import { PageTitle } from '@/components/PageTitle';
import { SearchField } from '@/components/SearchField';
import { TextLink } from '@/components/TextLink';
import { datasetQuery } from '@/features/datasets/queries';
import { algorithmsQuery } from '@/features/detect/queries';
import { DetectionsTable } from '@/features/detections/DetectionsTable';
import { detectionsQuery, isActive } from '@/features/detections/queries';
import { useDelete } from '@/features/detections/useDelete';
import { useLiveState } from '@/features/live/useLive';
import { useMay } from '@/features/session/permissions';
import { algorithmLabel } from '@/lib/format';
import type { DetectionsSearch } from '@/router';

const route = getRouteApi('/shell/detections');
const fallbackMs = 5000;

const statuses = [
  { value: 'queued', label: 'Waiting' },
  { value: 'running', label: 'Running' },
  { value: 'succeeded', label: 'Done' },
  { value: 'failed', label: 'Failed' },
  { value: 'cancelled', label: 'Cancelled' },
];

function Filters({ search, change }: { search: DetectionsSearch; change: (next: Changes) => void }) {
  const algorithms = useQuery(algorithmsQuery(null));
  const dataset = useQuery({ ...datasetQuery(search.dataset ?? ''), enabled: search.dataset !== undefined });
  const lookFor = useCallback((q: string | undefined) => change({ q }), [change]);
  const known = (algorithms.data?.items ?? []).map(({ name }) => ({ value: name, label: algorithmLabel(name) }));
  const chosen = search.algorithm;
  const choices = chosen === undefined || known.some(({ value }) => value === chosen) ? known : [...known, { value: chosen, label: algorithmLabel(chosen) }];
  return (
    <div className={listing['filters']}>
      <SearchField label="Search by name" value={search.q} onChange={lookFor} />
      <Select aria-label="Status" placeholder="Any status" clearable data={statuses} value={search.status ?? null} onChange={(status) => change({ status: status ?? undefined })} w={150} />
      <Select
        aria-label="Algorithm"
        placeholder="Any algorithm"
        clearable
        searchable
        data={choices.toSorted((left, right) => left.label.localeCompare(right.label))}
        value={chosen ?? null}
        onChange={(algorithm) => change({ algorithm: algorithm ?? undefined })}
        w={210}
      />
      {search.dataset !== undefined && (
        <Button variant="light" rightSection="×" onClick={() => change({ dataset: undefined })} maw={320} aria-label={`Only in ${dataset.data?.name ?? 'one dataset'}; show those of all datasets`}>
          In {dataset.data?.name ?? 'one dataset'}
        </Button>
      )}
      {search.model !== undefined && (
        <Button variant="light" rightSection="×" onClick={() => change({ model: undefined })} aria-label="Only by one model; show all">
          By one model
        </Button>
      )}
    </div>
  );
}

type Changes = Partial<Record<keyof DetectionsSearch, string | undefined>>;

export function DetectionsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const live = useLiveState();
  const mayStart = useMay('detections.write');
  const { ask, dialog } = useDelete();
  const query = useInfiniteQuery({
    ...detectionsQuery({ q: search.q, status: search.status, algorithm: search.algorithm, dataset_id: search.dataset, model_id: search.model }),
    refetchInterval: ({ state }) => (live !== 'open' && (state.data?.pages.some((page) => page.items.some(isActive)) ?? false) ? fallbackMs : false),
  });
  const detections = query.data?.pages.flatMap((page) => page.items) ?? [];
  const change = useCallback(
    (next: Changes) => void navigate({ to: '/detections', search: (before) => ({ ...before, ...next }) as DetectionsSearch, replace: true }),
    [navigate],
  );
  const filtered = Object.values(search).some((value) => value !== undefined);
  const toDatasets = (
    <Button renderRoot={(props) => <Link to="/datasets" search={{}} {...props} />}>{mayStart ? 'Choose a dataset' : 'Look at the datasets'}</Button>
  );
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <PageTitle>Detections</PageTitle>
        {mayStart && detections.length > 0 && (
          <Button variant="default" renderRoot={(props) => <Link to="/datasets" search={{}} {...props} />}>
            New detection
          </Button>
        )}
      </Group>
      <Filters search={search} change={change} />
      <Listing
        of="detections"
        query={query}
        count={detections.length}
        empty={
          filtered ? (
            <EmptyState title="No detection fits" action={<TextLink to="/detections" search={{}}>Show all detections</TextLink>}>
              Nothing fits the filters above.
            </EmptyState>
          ) : (
            <EmptyState title="No detection yet" action={toDatasets}>
              A detection judges every row of a dataset: each anomaly comes with a score, a p-value, a severity and the reason why.
            </EmptyState>
          )
        }
      >
        <DetectionsTable detections={detections} onDelete={ask} />
      </Listing>
      {dialog}
    </Stack>
  );
}
