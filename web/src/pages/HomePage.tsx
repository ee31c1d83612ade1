import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ErrorState } from '@/components/ErrorState';
import listing from '@/components/listing.module.css';
import { PageTitle } from '@/components/PageTitle';
import { DatasetsTable } from '@/features/datasets/DatasetsTable';
import { datasetsQuery } from '@/features/datasets/queries';
import { DetectionsTable } from '@/features/detections/DetectionsTable';
import { detectionsQuery, isActive } from '@/features/detections/queries';
import { useLiveState } from '@/features/live/useLive';
import { UploadZone } from '@/features/upload/UploadZone';

const fallbackMs = 5000;

interface SectionProps {
  title: string;
  empty: string;
  query: {
    isPending: boolean;
    isError: boolean;
    error: Error | null;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
    refetch: () => unknown;
  };
  count: number;
  children: ReactNode;
}

function Section({ title, empty, query, count, children }: SectionProps) {
  const id = `section-${title.toLowerCase()}`;
  return (
    <section aria-labelledby={id}>
      <Title order={2} id={id} mb="sm">
        {title}
      </Title>
      {query.isPending && <Skeleton height={168} radius="lg" aria-label={`Loading ${title.toLowerCase()}`} />}
      {query.isError && query.error !== null && count === 0 && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {!query.isPending && !query.isError && count === 0 && (
        <Text className="soft" size="sm">
          {empty}
        </Text>
      )}
      {count > 0 && <div className={listing['card']}>{children}</div>}
      {query.hasNextPage && (
        <Button mt="sm" size="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show older
        </Button>
      )}
    </section>
  );
}

export function HomePage() {
  const live = useLiveState();
  const detections = useInfiniteQuery({
    ...detectionsQuery,
    refetchInterval: (query) => {
      const active = query.state.data?.pages.some((page) => page.items.some(isActive)) ?? false;
      return live !== 'open' && active ? fallbackMs : false;
    },
  });
  const datasets = useInfiniteQuery(datasetsQuery);
  const detectionItems = detections.data?.pages.flatMap((page) => page.items) ?? [];
  const datasetItems = datasets.data?.pages.flatMap((page) => page.items) ?? [];
  const blank = datasets.isSuccess && detections.isSuccess && datasetItems.length === 0 && detectionItems.length === 0;
  return (
    <Stack gap={28}>
      <div>
        <PageTitle tab="Home">{blank ? 'Find the anomalies in your data' : 'Detections'}</PageTitle>
        {blank && (
          <Text className="soft" mt={6} maw={680}>
            Upload a file and start a detection: each anomaly comes with a score, a p-value, a severity and the reason why it was flagged.
          </Text>
        )}
      </div>
      <UploadZone large={blank} />
      {!blank && (
        <>
          <Section
            title="Recent"
            empty="No detection yet. Choose a dataset below, or drop a file above."
            query={detections}
            count={detectionItems.length}
          >
            <DetectionsTable detections={detectionItems} />
          </Section>
          <Section title="Datasets" empty="No dataset yet. Drop a CSV file above." query={datasets} count={datasetItems.length}>
            <DatasetsTable datasets={datasetItems} />
          </Section>
        </>
      )}
    </Stack>
  );
}
