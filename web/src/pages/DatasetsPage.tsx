import { SegmentedControl, Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';

import { EmptyState } from '@/components/EmptyState';
import { Listing } from '@/components/Listing';
import listing from '@/components/listing.module.css';
import { PageTitle } from '@/components/PageTitle';
import { SearchField } from '@/components/SearchField';
import { TextLink } from '@/components/TextLink';
import { DatasetsTable } from '@/features/datasets/DatasetsTable';
import { datasetsQuery } from '@/features/datasets/queries';
import { useMay } from '@/features/session/permissions';
import { UploadZone } from '@/features/upload/UploadZone';
import type { DatasetsSearch } from '@/router';

const route = getRouteApi('/shell/datasets');
const kinds = [
  { value: 'all', label: 'All' },
  { value: 'series', label: 'Time series' },
  { value: 'table', label: 'Tables' },
];

export function DatasetsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayUpload = useMay('datasets.write');
  const query = useInfiniteQuery(datasetsQuery({ q: search.q, kind: search.kind }));
  const datasets = query.data?.pages.flatMap((page) => page.items) ?? [];
  const change = useCallback(
    (next: Partial<Record<keyof DatasetsSearch, string | undefined>>) =>
      void navigate({ to: '/datasets', search: (before) => ({ ...before, ...next }) as DatasetsSearch, replace: true }),
    [navigate],
  );
  const lookFor = useCallback((q: string | undefined) => change({ q }), [change]);
  const filtered = search.q !== undefined || search.kind !== undefined;
  const blank = query.isSuccess && datasets.length === 0 && !filtered;
  return (
    <Stack gap="lg">
      <PageTitle>Datasets</PageTitle>
      {mayUpload && <UploadZone large={blank} />}
      {!blank && (
        <div className={listing['filters']}>
          <SearchField label="Search by name" value={search.q} onChange={lookFor} />
          <SegmentedControl
            aria-label="Kind"
            data={kinds}
            value={search.kind ?? 'all'}
            onChange={(kind) => change({ kind: kind === 'all' ? undefined : kind })}
          />
        </div>
      )}
      {(!blank || !mayUpload) && (
        <Listing
          of="datasets"
          query={query}
          count={datasets.length}
          empty={
            filtered ? (
              <EmptyState title="No dataset fits" action={<TextLink to="/datasets" search={{}}>Show all datasets</TextLink>}>
                Nothing fits the search and the kind chosen above.
              </EmptyState>
            ) : (
              <EmptyState title="No dataset yet">Your role reads. An analyst or administrator of your tenant uploads the first one.</EmptyState>
            )
          }
        >
          <DatasetsTable datasets={datasets} />
        </Listing>
      )}
    </Stack>
  );
}
