import { Paper, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import type { Dataset } from '@/api/datasets';
import { ErrorState } from '@/components/ErrorState';
import listing from '@/components/listing.module.css';
import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';
import { RoutePending } from '@/components/RouteStates';
import { datasetQuery } from '@/features/datasets/queries';
import { kindWords } from '@/features/datasets/words';
import { ColumnsTable } from '@/features/detect/ColumnsTable';
import { KindChoice } from '@/features/detect/KindChoice';
import { Learning } from '@/features/detect/Learning';
import { ModelChoice } from '@/features/detect/ModelChoice';
import { PreviewTable } from '@/features/detect/PreviewTable';
import { hasProblems, judgeByModel, newDetection, setupProblem, thresholdProblem } from '@/features/detect/setup';
import { StartPanel } from '@/features/detect/StartPanel';
import { ThresholdChoice } from '@/features/detect/ThresholdChoice';
import { useSetup } from '@/features/detect/useSetup';
import { useMay } from '@/features/session/permissions';
import { formatBytes, formatCount, plural } from '@/lib/format';

import classes from './NewDetectionPage.module.css';

const route = getRouteApi('/shell/datasets/$id/detect');

type State = ReturnType<typeof useSetup>;

function Judge({ dataset, state }: { dataset: Dataset; state: State }) {
  const { setup, setSetup, algorithm, fields, values } = state;
  const stored = setup.model !== null;
  const problem = setupProblem(setup) ?? (stored ? null : thresholdProblem(setup.threshold));
  const order = stored ? judgeByModel(dataset, { ...setup, threshold: null }) : algorithm === undefined ? undefined : newDetection(dataset, setup, algorithm, fields, values);
  const words = stored
    ? `${plural(dataset.n_rows, 'row')} judged by the stored model.`
    : `${plural(dataset.n_rows, 'row')}, ${plural(setup.features.length, 'column')} judged.`;
  return (
    <Paper component="section" aria-labelledby="algorithm-title" className={classes['algorithm']}>
      <Title order={2} id="algorithm-title" mb="sm">
        What judges
      </Title>
      <SegmentedControl
        fullWidth
        mb="md"
        aria-labelledby="algorithm-title"
        data={[
          { value: 'learn', label: 'An algorithm' },
          { value: 'stored', label: 'A stored model' },
        ]}
        value={stored ? 'stored' : 'learn'}
        onChange={(what) => setSetup({ ...setup, model: what === 'stored' ? '' : null, version: null })}
      />
      {stored ? (
        <ModelChoice dataset={dataset} setup={setup} onChange={setSetup} />
      ) : (
        <>
          <Learning state={state} />
          <div className={classes['threshold']}>
            <ThresholdChoice threshold={setup.threshold} onChange={(threshold) => setSetup({ ...setup, threshold })} />
          </div>
        </>
      )}
      <StartPanel
        setup={setup}
        onChange={setSetup}
        problem={problem}
        blocked={problem !== null || (!stored && hasProblems(fields, values))}
        order={order}
        words={words}
      />
    </Paper>
  );
}

function Configure({ dataset }: { dataset: Dataset }) {
  const search = route.useSearch();
  const state = useSetup(dataset, search);
  const { setup, setSetup } = state;
  return (
    <Stack gap="xl">
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
      <div className={classes['columns']}>
        <Stack gap="xl" className={classes['side']}>
          {setup.model === null && (
            <Paper component="section" aria-labelledby="columns-title">
              <Title order={2} id="columns-title" mb="md">
                Columns
              </Title>
              <KindChoice dataset={dataset} setup={setup} onChange={setSetup} />
              <div className={listing['card']}>
                <ColumnsTable dataset={dataset} setup={setup} onChange={setSetup} />
              </div>
            </Paper>
          )}
          <Paper component="section" aria-labelledby="preview-title">
            <Title order={2} id="preview-title" mb="md">
              Preview
            </Title>
            <PreviewTable dataset={dataset} />
          </Paper>
        </Stack>
        <Judge dataset={dataset} state={state} />
      </div>
    </Stack>
  );
}

export function NewDetectionPage() {
  const { id } = route.useParams();
  const dataset = useQuery(datasetQuery(id));
  const mayStart = useMay('detections.write');
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
  const { data } = dataset;
  return (
    <Stack gap="lg">
      <div>
        <TextLink to="/datasets/$id" params={{ id }} size="sm" className="data-text">
          {data.name}
        </TextLink>
        <PageTitle tab={`New detection in ${data.name}`}>New detection</PageTitle>
        <Text className="soft tabular">
          {kindWords[data.kind]}, {formatCount(data.n_rows)} rows, {plural(data.n_columns, 'column')}, {formatBytes(data.size_bytes)}
        </Text>
      </div>
      {mayStart ? (
        <Configure key={data.id} dataset={data} />
      ) : (
        <Notice tone="warning" title="Your role does not start detections">
          <Text size="sm">It reads what others found. Ask an administrator of your tenant for the role of an analyst.</Text>
        </Notice>
      )}
    </Stack>
  );
}
