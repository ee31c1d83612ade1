import { Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';

import { ErrorState } from '@/components/ErrorState';

import classes from './listing.module.css';

interface Query {
  isPending: boolean;
  isError: boolean;
  isPlaceholderData: boolean;
  error: Error | null;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

interface Props {
  /** What is listed, in the plural: "datasets". */
  of: string;
  query: Query;
  count: number;
  empty: ReactNode;
  children: ReactNode;
}

/** A list with all its states: loading, failed, empty, and with more to come. */
export function Listing({ of, query, count, empty, children }: Props) {
  if (query.isPending) return <Skeleton height={280} radius="lg" role="status" aria-label={`Loading the ${of}`} />;
  if (query.isError && query.error !== null && count === 0) return <ErrorState error={query.error} title={`The ${of} cannot be shown`} onRetry={() => void query.refetch()} />;
  if (count === 0) return empty;
  return (
    <>
      {query.isError && query.error !== null && <ErrorState error={query.error} title="This list may be out of date" onRetry={() => void query.refetch()} />}
      <div className={classes['card']} data-stale={query.isPlaceholderData || undefined} aria-busy={query.isPlaceholderData || undefined}>
        {children}
      </div>
      {query.hasNextPage && (
        <Button variant="default" size="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} style={{ alignSelf: 'flex-start' }}>
          Show older
        </Button>
      )}
    </>
  );
}
