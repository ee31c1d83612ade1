import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';

import type { AnomalyStory } from '@/api/anomalies';
import type { Detection } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { PageTitle } from '@/components/PageTitle';
import { RoutePending } from '@/components/RouteStates';
import { SeverityLabel } from '@/components/severity';
import { TextLink } from '@/components/TextLink';
import { AllValues, Neighbours, Normal, Similar, Steps } from '@/features/anomaly/Around';
import { Opinion } from '@/features/anomaly/Opinion';
import { storyQuery } from '@/features/anomaly/queries';
import { Reasons } from '@/features/anomaly/Reasons';
import { WindowChart } from '@/features/anomaly/WindowChart';
import { detectionQuery } from '@/features/detections/queries';
import { storyKey } from '@/features/feedback/cache';
import { FeedbackFailure } from '@/features/feedback/FeedbackFailure';
import { useFeedback } from '@/features/feedback/useFeedback';
import { useKeys } from '@/features/feedback/useKeys';
import { VerdictButtons } from '@/features/feedback/VerdictButtons';
import { useMay } from '@/features/session/permissions';
import { leadingColumn, titleOf } from '@/lib/anomalies';
import { algorithmLabel, formatCount, formatP, formatPercent, formatScore } from '@/lib/format';

import classes from './AnomalyPage.module.css';

const route = getRouteApi('/shell/detections/$id/anomalies/$row');

function Figures({ story }: { story: AnomalyStory }) {
  const { anomaly } = story;
  return (
    <dl className={classes['figures']}>
      <div>
        <dt>Severity</dt>
        <dd>{anomaly.severity === null ? 'not flagged' : <SeverityLabel severity={anomaly.severity} />}</dd>
      </div>
      <div>
        <dt>Score</dt>
        <dd className="tabular">{formatScore(anomaly.score)}</dd>
      </div>
      <div>
        <dt>p-value</dt>
        <dd className="tabular">{formatP(anomaly.p_value)}</dd>
      </div>
      {anomaly.confidence !== null && (
        <div>
          <dt>Confidence</dt>
          <dd className="tabular">{formatPercent(anomaly.confidence)}</dd>
        </div>
      )}
    </dl>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: React.ReactNode }) {
  return (
    <Paper component="section" aria-labelledby={id}>
      <Title order={2} id={id} mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

/** The columns of a row, those that did most to the score first. */
function orderedColumns({ anomaly }: AnomalyStory): string[] {
  const leading = (anomaly.explanation?.contributions ?? []).map((part) => part.feature).filter((name) => name in anomaly.values);
  return [...new Set([...leading, ...Object.keys(anomaly.values)])];
}

function Story({ story, detection, onOpen }: { story: AnomalyStory; detection: Detection; onOpen: (row: number) => void }) {
  const { anomaly, window } = story;
  const control = useFeedback(detection.id);
  const mayWrite = useMay('feedback.write');
  const navigate = useNavigate();
  const noteField = useRef<HTMLTextAreaElement>(null);
  const title = titleOf(anomaly);
  const of = title.toLowerCase().startsWith('row') ? title.toLowerCase() : title;
  const parts = anomaly.explanation?.contributions ?? [];
  const judge = mayWrite ? control : null;
  useKeys({
    y: judge === null ? undefined : () => judge.judge(anomaly.index, 'true'),
    n: judge === null ? undefined : () => judge.judge(anomaly.index, 'false'),
    u: judge === null ? undefined : () => judge.withdraw(anomaly.index),
    e: judge === null ? undefined : () => noteField.current?.focus(),
    j: story.next === null ? undefined : () => onOpen(story.next ?? 0),
    k: story.previous === null ? undefined : () => onOpen(story.previous ?? 0),
    Escape: () => void navigate({ to: '/detections/$id', params: { id: detection.id }, search: { anomaly: anomaly.index } }),
  });
  return (
    <>
      <div className={classes['top']}>
        <div className={classes['heading']}>
          <TextLink to="/detections/$id" params={{ id: detection.id }} search={{ anomaly: anomaly.index }} size="sm" className="data-text">
            {detection.dataset.name}, {algorithmLabel(detection.algorithm)}
          </TextLink>
          <PageTitle key={anomaly.index} tab={`${title} in ${detection.dataset.name}`}>
            {title}
          </PageTitle>
          <Text size="sm" className="soft tabular">
            {anomaly.time !== null && `row ${formatCount(anomaly.index)}, times in UTC`}
            {anomaly.time !== null && anomaly.entity !== null && ', '}
            {anomaly.entity !== null && <span className="data-text">{anomaly.entity}</span>}
          </Text>
        </div>
        <Steps rank={story.rank} total={story.n_anomalies} previous={story.previous} next={story.next} onOpen={onOpen} />
      </div>
      <div className={classes['columns']}>
        <div className={classes['why']}>
          <Paper component="section" aria-label="Why it was flagged">
            <p className={`${classes['sentence']} data-text`}>{anomaly.explanation?.sentence ?? 'No explanation was made for this row.'}</p>
            {story.rank === null && (
              <Text size="sm" mt={6}>
                At the present threshold it is not flagged.
              </Text>
            )}
            <Figures story={story} />
          </Paper>
        </div>
        <aside className={classes['side']} aria-label="Verdict">
          <Paper>
            <Opinion
              row={anomaly.index}
              of={of}
              detectionId={detection.id}
              feedback={story.feedback}
              history={story.history}
              control={control}
              noteField={noteField}
              mayWrite={mayWrite}
            />
          </Paper>
        </aside>
        <Stack gap="lg" className={classes['rest']}>
          {window !== null && (
            <Section id="context-title" title="In its context">
              <WindowChart window={window} row={anomaly} leading={leadingColumn(anomaly)} onOpen={onOpen} />
            </Section>
          )}
          {parts.length > 0 && (
            <Section id="reasons-title" title={window === null ? 'What stands out' : 'What made the score'}>
              <Reasons key={anomaly.index} contributions={parts} datasetId={detection.dataset.id} method={anomaly.explanation?.method ?? ''} />
            </Section>
          )}
          {Object.keys(anomaly.explanation?.counterfactual ?? {}).length > 0 && (
            <Section id="normal-title" title="What would have been normal">
              <Normal row={anomaly} />
            </Section>
          )}
          <Section id="similar-title" title="Similar anomalies">
            <Similar detectionId={detection.id} similar={story.similar} />
          </Section>
          <Section id="neighbours-title" title="Nearest normal rows">
            <Neighbours key={anomaly.index} row={anomaly} neighbours={story.neighbours} columns={orderedColumns(story)} />
          </Section>
          <Paper>
            <AllValues values={anomaly.values} />
          </Paper>
        </Stack>
      </div>
      {mayWrite && (
        <div className={classes['thumb']}>
          {control.failure !== null && <FeedbackFailure control={control} of={of} />}
          <VerdictButtons feedback={story.feedback} of={`${of}, at hand`} onJudge={(verdict) => control.judge(anomaly.index, verdict)} onWithdraw={() => control.withdraw(anomaly.index)} className={classes['thumbButtons']} />
        </div>
      )}
    </>
  );
}

/** Why one row was flagged, and what people say about it. */
export function AnomalyPage() {
  const params = route.useParams();
  const row = /^\d{1,15}$/.test(params.row) ? Number(params.row) : -1;
  const navigate = useNavigate();
  const client = useQueryClient();
  const detection = useQuery(detectionQuery(params.id));
  const query = useQuery({ ...storyQuery(params.id, row), retry: false });
  const open = useCallback(
    (next: number) => void navigate({ to: '/detections/$id/anomalies/$row', params: { id: params.id, row: String(next) }, replace: true }),
    [navigate, params.id],
  );
  // When the threshold moves, here or by a colleague, ranks and neighbours move with it.
  const cutoff = detection.data?.summary?.threshold.score_cutoff;
  const knownCutoff = useRef(cutoff);
  useEffect(() => {
    if (knownCutoff.current !== undefined && knownCutoff.current !== cutoff) void client.invalidateQueries({ queryKey: storyKey(params.id) });
    knownCutoff.current = cutoff;
  }, [client, cutoff, params.id]);
  // The next and the one before are there when the key is pressed.
  const shown = query.isPlaceholderData ? undefined : query.data;
  useEffect(() => {
    for (const near of [shown?.next, shown?.previous]) {
      if (near !== null && near !== undefined) void client.prefetchQuery(storyQuery(params.id, near));
    }
  }, [client, params.id, shown?.next, shown?.previous]);
  const error = detection.error ?? query.error;
  const again = () => {
    void detection.refetch();
    void query.refetch();
  };
  if (error !== null && (query.data === undefined || detection.data === undefined)) {
    return (
      <Stack>
        <ErrorState error={error} title="The anomaly cannot be shown" onRetry={again} />
        <Group>
          <TextLink to="/detections/$id" params={{ id: params.id }}>
            Back to the detection
          </TextLink>
        </Group>
      </Stack>
    );
  }
  if (detection.data === undefined || query.data === undefined) return <RoutePending />;
  return (
    <div className={classes['page']} data-stale={query.isPlaceholderData || undefined} aria-busy={query.isPlaceholderData || undefined}>
      {error !== null && <ErrorState error={error} title="This page may be out of date" onRetry={again} />}
      <Story story={query.data} detection={detection.data} onOpen={open} />
    </div>
  );
}
