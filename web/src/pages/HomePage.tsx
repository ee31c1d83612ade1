import { Button, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import type { Overview } from '@/api/overview';
import { EmptyState } from '@/components/EmptyState';
import { ErrorState } from '@/components/ErrorState';
import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';
import { useLiveState } from '@/features/live/useLive';
import { verdictOf } from '@/features/overview/lanes';
import { Lanes } from '@/features/overview/Lanes';
import { overviewQuery } from '@/features/overview/queries';
import { Running } from '@/features/overview/Running';
import { useMay } from '@/features/session/permissions';
import { UploadZone } from '@/features/upload/UploadZone';
import { plural } from '@/lib/format';

import classes from './HomePage.module.css';

const fallbackMs = 5000;

function Counts({ counts }: { counts: Overview['counts'] }) {
  return (
    <Text size="sm" className="soft tabular">
      <TextLink to="/datasets" search={{}}>{plural(counts.datasets, 'dataset')}</TextLink>,{' '}
      <TextLink to="/detections" search={{}}>{plural(counts.detections, 'detection')}</TextLink>,{' '}
      <TextLink to="/models" search={{}}>{plural(counts.models, 'model')}</TextLink>
    </Text>
  );
}

function FirstSteps({ mayUpload }: { mayUpload: boolean }) {
  return (
    <>
      <div>
        <PageTitle tab="Overview">Find the anomalies in your data</PageTitle>
        <Text className="soft" mt={6} maw={680}>
          {mayUpload
            ? 'Upload a file and start a detection: each anomaly comes with a score, a p-value, a severity and the reason why it was flagged.'
            : 'Nothing is here yet. An analyst or administrator of your tenant uploads the first dataset.'}
        </Text>
      </div>
      {mayUpload && <UploadZone large />}
    </>
  );
}

function Found({ overview }: { overview: Overview }) {
  const mayDetect = useMay('detections.write');
  const { counts, lanes, running } = overview;
  return (
    <>
      <div className={classes['head']}>
        <div>
          <PageTitle>Overview</PageTitle>
          {lanes.length > 0 && (
            <Text size="lg" mt={4} className="data-text" role="status">
              {verdictOf(lanes)}
            </Text>
          )}
          <Counts counts={counts} />
        </div>
        {mayDetect && (
          <Button renderRoot={(props) => <Link to="/datasets" search={{}} {...props} />}>New detection</Button>
        )}
      </div>
      {running.length > 0 && <Running jobs={running} />}
      {lanes.length > 0 && <Lanes lanes={lanes} />}
      {lanes.length === 0 && running.length === 0 && (
        <EmptyState
          title="No result yet"
          action={<Button renderRoot={(props) => <Link to="/datasets" search={{}} {...props} />}>{mayDetect ? 'Choose a dataset' : 'Look at the datasets'}</Button>}
        >
          {counts.detections === 0
            ? 'The data are here; nobody has looked for anomalies in them. Each detection that ends gets a lane on this page.'
            : 'No detection has ended with a result. Look at the detections for the reason, or start another.'}
        </EmptyState>
      )}
    </>
  );
}

export function HomePage() {
  const live = useLiveState();
  const mayUpload = useMay('datasets.write');
  const query = useQuery({ ...overviewQuery, refetchInterval: ({ state }) => (live !== 'open' && (state.data?.running.length ?? 0) > 0 ? fallbackMs : false) });
  if (query.isPending) {
    return (
      <Stack gap="lg" aria-busy="true">
        <PageTitle>Overview</PageTitle>
        <Skeleton height={56} width={420} maw="100%" />
        <Skeleton height={320} radius="lg" role="status" aria-label="Loading the overview" />
      </Stack>
    );
  }
  if (query.data === undefined) {
    return (
      <Stack gap="lg">
        <PageTitle>Overview</PageTitle>
        {query.error !== null && <ErrorState error={query.error} title="The overview cannot be shown" onRetry={() => void query.refetch()} />}
      </Stack>
    );
  }
  const { counts } = query.data;
  const blank = counts.datasets === 0 && counts.detections === 0;
  return (
    <Stack gap="lg">
      {query.isError && (
        <Notice tone="warning" title="This page may be out of date">
          <Text size="sm">{query.error.message}</Text>
        </Notice>
      )}
      {blank ? <FirstSteps mayUpload={mayUpload} /> : <Found overview={query.data} />}
    </Stack>
  );
}
