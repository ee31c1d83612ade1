import { Paper, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { ErrorState } from '@/components/ErrorState';
import { importanceQuery } from '@/features/result/queries';
import { formatPercent, plural } from '@/lib/format';

import classes from './Importance.module.css';

const shownFeatures = 12;

/** Which columns make the anomalies. */
export function Importance({ id, cutoff }: { id: string; cutoff: number | null }) {
  const importance = useQuery(importanceQuery(id, cutoff));
  const items = importance.data?.items.filter(({ share }) => share > 0) ?? [];
  if (importance.isSuccess && items.length < 2) return null;
  const largest = items[0]?.share ?? 1;
  return (
    <Paper component="section" aria-labelledby="importance-title">
      <Title order={2} id="importance-title" mb={2}>
        What makes the anomalies
      </Title>
      {importance.isPending && <Skeleton height={180} mt="sm" />}
      {importance.isError && <ErrorState error={importance.error} onRetry={() => void importance.refetch()} />}
      {importance.isSuccess && (
        <>
          <Text size="sm" className="soft" mb="sm">
            Share of the scores of {plural(importance.data.n_anomalies, 'anomaly', 'anomalies')} that each column accounts for
          </Text>
          <ol className={classes['list']}>
            {items.slice(0, shownFeatures).map(({ feature, share }) => (
              <li key={feature}>
                <span className={`${classes['name']} data-text`}>{feature}</span>
                <span className={classes['track']} aria-hidden="true">
                  <span style={{ width: `${Math.max((share / largest) * 100, 0.5)}%` }} />
                </span>
                <span className="numeric">{formatPercent(share)}</span>
              </li>
            ))}
          </ol>
          {items.length > shownFeatures && (
            <Text size="xs" className="soft" mt={8}>
              and {items.length - shownFeatures} more
            </Text>
          )}
        </>
      )}
    </Paper>
  );
}
