import { ActionIcon, Button, Code, Group, Skeleton, Stack, Text, Tooltip } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';

import { type Detection, renameDetection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { TrashIcon } from '@/components/icons';
import { Notice } from '@/components/Notice';
import { Rename } from '@/components/Rename';
import { TextLink } from '@/components/TextLink';
import { RelativeTime } from '@/components/RelativeTime';
import { RoutePending } from '@/components/RouteStates';
import { SeverityMark } from '@/components/severity';
import { ProgressPanel } from '@/features/detections/ProgressPanel';
import { detectionQuery, isActive, keepAnswer } from '@/features/detections/queries';
import { useDelete } from '@/features/detections/useDelete';
import { useLiveState } from '@/features/live/useLive';
import { ExportMenu } from '@/features/result/ExportMenu';
import { useMay } from '@/features/session/permissions';
import { algorithmLabel, formatCount, formatPercent, plural } from '@/lib/format';
import { severities } from '@/lib/severity';
import type { NewDetectionSearch } from '@/router';

import classes from './DetectionPage.module.css';

const route = getRouteApi('/shell/detections/$id');
const fallbackMs = 3000;

// The charts come with the first result that is looked at, not with the first page; they are fetched while the server is asked.
const charts = import('@/features/result/Result');
// Where they cannot be fetched, the result says so; a page that shows none need not know.
charts.catch(() => null);
const Result = lazy(async () => ({ default: (await charts).Result }));

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

/** The setup that the detection had, so that another begins where it ended. */
function setupOf({ algorithm, parameters, columns, time_column: time, model, summary }: Detection): NewDetectionSearch {
  if (model !== null && model !== undefined) return { model: model.id, version: String(model.version) };
  const threshold = summary?.threshold;
  return {
    algorithm,
    ...(Object.keys(parameters).length === 0 ? {} : { parameters: JSON.stringify(parameters) }),
    ...(columns === null ? {} : { columns: JSON.stringify(columns) }),
    ...(time === null ? {} : { time }),
    ...(threshold === undefined ? {} : { threshold: `${threshold.kind}:${threshold.value}` }),
  };
}

function Again({ detection }: { detection: Detection }) {
  const mayStart = useMay('detections.write');
  if (!mayStart) return null;
  return (
    <Button
      variant="default"
      size="sm"
      mt="md"
      renderRoot={(props) => <Link to="/datasets/$id/detect" params={{ id: detection.dataset.id }} search={setupOf(detection)} {...props} />}
    >
      Set up another detection
    </Button>
  );
}

function Ended({ detection }: { detection: Detection }) {
  const again = <Again detection={detection} />;
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

function Settings({ detection }: { detection: Detection }) {
  const { model, parameters, columns } = detection;
  const changed = Object.entries(parameters);
  return (
    <Text className="soft data-text" component="div">
      {algorithmLabel(detection.algorithm)}
      {changed.length > 0 && ` (${changed.map(([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ')})`}
      {model !== null && model !== undefined && (
        <>
          {' '}
          by the stored model <strong>{model.name}</strong>, version {model.version}
        </>
      )}
      {columns !== null && `, judging ${columns.length > 6 ? plural(columns.length, 'column') : columns.join(', ')}`}, started <RelativeTime iso={detection.created_at} />
    </Text>
  );
}

function Actions({ detection }: { detection: Detection }) {
  const router = useRouter();
  const mayChange = useMay('detections.write');
  const mayTrain = useMay('models.write');
  const { ask, dialog } = useDelete(() => void router.navigate({ to: '/detections', search: {} }));
  const done = detection.status === 'succeeded';
  return (
    <Group gap="sm" align="flex-start">
      {mayChange && !isActive(detection) && (
        <Tooltip label="Delete the detection">
          <ActionIcon variant="default" size={36} aria-label="Delete the detection" onClick={() => ask(detection)}>
            <TrashIcon size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {mayTrain && done && (detection.model ?? null) === null && (
        <Button variant="default" renderRoot={(props) => <Link to="/models/new" search={{ ...setupOf(detection), dataset: detection.dataset.id }} {...props} />}>
          Train a model from this
        </Button>
      )}
      {done && <ExportMenu detection={detection} />}
      {dialog}
    </Group>
  );
}

function Head({ detection }: { detection: Detection }) {
  const client = useQueryClient();
  const mayRename = useMay('detections.write');
  const rename = async (name: string) => {
    keepAnswer(client, await renameDetection(detection.id, name));
    for (const key of ['detections', 'overview']) void client.invalidateQueries({ queryKey: [key] });
  };
  return (
    <div className={classes['head']}>
      <div>
        <TextLink to="/datasets/$id" params={{ id: detection.dataset.id }} size="sm" className="data-text">
          {detection.dataset.name}
        </TextLink>
        <Rename name={detection.name} of="detection" allowed={mayRename} onSave={rename} />
        <Settings detection={detection} />
        {detection.status === 'succeeded' && <Headline detection={detection} />}
      </div>
      <Actions detection={detection} />
    </div>
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
  if (query.data === undefined) {
    return (
      <Stack>
        {query.error !== null && <ErrorState error={query.error} title="The detection cannot be shown" onRetry={() => void query.refetch()} />}
        <TextLink to="/detections" search={{}}>
          All detections
        </TextLink>
      </Stack>
    );
  }
  const detection = query.data;
  return (
    <Stack gap="lg">
      <Head detection={detection} />
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
