import { Button, Progress, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { cancelJob, type Job } from '@/api/overview';
import { TextLink } from '@/components/TextLink';
import { useMay } from '@/features/session/permissions';
import { formatPercent } from '@/lib/format';
import { stageWords } from '@/lib/stages';

import classes from './Running.module.css';

const kinds: Record<Job['kind'], string> = { detection: 'Detection', training: 'Training' };

function Subject({ job }: { job: Job }) {
  const words = job.subject?.name ?? kinds[job.kind] ?? job.kind;
  if (job.subject === null || job.subject === undefined) return <span>{words}</span>;
  return job.kind === 'detection' ? (
    <TextLink to="/detections/$id" params={{ id: job.subject.id }} search={{}} className="data-text">
      {words}
    </TextLink>
  ) : (
    <TextLink to="/models" search={{}} className="data-text">
      {words}
    </TextLink>
  );
}

function Row({ job }: { job: Job }) {
  const client = useQueryClient();
  const mayCancel = useMay('jobs.write');
  const cancel = useMutation({ mutationFn: () => cancelJob(job.id), onSuccess: () => client.invalidateQueries({ queryKey: ['overview'] }) });
  const fraction = job.progress.fraction;
  const words = stageWords(job.status, job.progress.stage);
  return (
    <li className={classes['job']}>
      <div className={classes['what']}>
        <Text fw={550} component="div">
          <Subject job={job} />
        </Text>
        <Text size="sm" className="soft">
          {kinds[job.kind]}, {words.charAt(0).toLowerCase() + words.slice(1)}
        </Text>
      </div>
      <div className={classes['progress']}>
        <Progress value={Math.max(fraction * 100, 2)} animated={job.status === 'running'} aria-label={`Progress of ${job.subject?.name ?? kinds[job.kind]}`} />
      </div>
      <Text size="sm" className="tabular soft" w={52} ta="right">
        {formatPercent(fraction)}
      </Text>
      {mayCancel && (
        <Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()} aria-label={`Cancel ${job.subject?.name ?? kinds[job.kind]}`}>
          {cancel.isError ? 'Try again' : 'Cancel'}
        </Button>
      )}
    </li>
  );
}

/** What the workers do right now. */
export function Running({ jobs }: { jobs: Job[] }) {
  return (
    <section aria-labelledby="running-title" className={classes['card']}>
      <Title order={2} id="running-title">
        Running now
      </Title>
      <ul className={classes['jobs']}>
        {jobs.map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
    </section>
  );
}
