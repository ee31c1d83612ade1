import { Button, Code, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';

import type { Detection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';
import { RelativeTime } from '@/components/RelativeTime';
import { RoutePending } from '@/components/RouteStates';
import { SeverityMark } from '@/components/severity';
import { ProgressPanel } from '@/features/detections/ProgressPanel';
import { detectionQuery, isActive } from '@/features/detections/queries';
import { useLiveState } from '@/features/live/useLive';
import { ExportButton } from '@/features/result/ExportButton';
import { algorithmLabel, formatCount, formatPercent, plural } from '@/lib/format';
import { severities } from '@/lib/severity';

import classes from './DetectionPage.module.css';

const route = getRouteApi('/shell/detections/$id');
const fallbackMs = 3000;

// The charts come with the first result that is looked at, not with the first page.
const Result = lazy(async () => ({ default: (await import('@/features/result/Result')).Result }));

function Headline({ detection }: { detection: Detection }) {
  const { summary } = detection;
  if (summary === null) return null;
  const share = summary.n_rows === 0 ? 0 : summary.n_anomalies / summary.n_rows;
  return (
    <div className={classes['headline']}>
      <strong>{plural(summary.n_anomalies, 'anomaly', 'anomalies')}</strong>
      <span className="soft">
        in {formatCount(summary.n_rows)} rows ({formatPercent(share)})
      </span>
      {severities
        .filter((severity) => summary.severities[severity] > 0)
        .map((severity) => (
          <span key={severity} className={classes['severity']}>
            <SeverityMark severity={severity} />
            <span className="tabular">{formatCount(summary.severities[severity])}</span> {severity}
          </span>
        ))}
    </div>
  );
}

function Ended({ detection }: { detection: Detection }) {
  const again = (
    <Button
      variant="default"
      size="sm"
      mt="md"
      renderRoot={(props) => <Link to="/datasets/$id/detect" params={{ id: detection.dataset.id }} {...props} />}
    >
      Set up another detection
    </Button>
  );
  if (detection.status === 'cancelled') {
    return (
      <Notice tone="note" title="This detection was cancelled">
        <Text size="sm">The dataset is kept. No result was stored.</Text>
        {again}
      </Notice>
    );
  }
  return (
    <Notice tone="error" title="The detection failed">
      <Text size="sm" className="data-text">
        {detection.error?.message ?? 'The server gave no reason.'}
      </Text>
      {detection.error?.hint !== null && (
        <Text size="sm" mt={4} className="data-text">
          {detection.error?.hint}
        </Text>
      )}
      <Text size="xs" mt="sm" className="soft">
        {detection.error !== null && <Code>{detection.error.code}</Code>} job <Code>{detection.job_id}</Code>
      </Text>
      {again}
    </Notice>
  );
}

export function DetectionPage() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const live = useLiveState();
  const query = useQuery({
    ...detectionQuery(id),
    refetchInterval: ({ state }) => (live !== 'open' && state.data !== undefined && isActive(state.data) ? fallbackMs : false),
  });
  if (query.isPending) return <RoutePending />;
  if (query.isError) {
    return (
      <Stack>
        <ErrorState error={query.error} title="The detection cannot be shown" onRetry={() => void query.refetch()} />
        <TextLink to="/">
          All detections
        </TextLink>
      </Stack>
    );
  }
  const detection = query.data;
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end">
        <div>
          <TextLink to="/" size="sm">
            Home
          </TextLink>
          <PageTitle>{detection.dataset.name}</PageTitle>
          <Text className="soft">
            {algorithmLabel(detection.algorithm)}, started <RelativeTime iso={detection.created_at} />
          </Text>
          {detection.status === 'succeeded' && <Headline detection={detection} />}
        </div>
        {detection.status === 'succeeded' && <ExportButton detection={detection} />}
      </Group>
      {isActive(detection) && <ProgressPanel detection={detection} />}
      {(detection.status === 'failed' || detection.status === 'cancelled') && <Ended detection={detection} />}
      {detection.status === 'succeeded' && (
        <Suspense fallback={<Skeleton height={520} radius="lg" aria-label="Loading the result" />}>
          <Result key={detection.id} detection={detection} search={search} />
        </Suspense>
      )}
    </Stack>
  );
}
