import { Container, Skeleton, Stack, Text } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { useRouter } from '@tanstack/react-router';

import { unreachable } from '@/api/client';
import { ErrorState } from '@/components/ErrorState';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';

export function RoutePending() {
  return (
    <Stack aria-busy="true" aria-label="Loading" gap="lg">
      <Skeleton height={32} width={280} />
      <Skeleton height={180} radius="lg" />
      <Skeleton height={320} radius="lg" />
    </Stack>
  );
}

const lostFile = /dynamically imported module|preload CSS|importing a module script/i;

/** Also shown when a part of the dashboard cannot be fetched: offline, or replaced by a newer build, which a reload brings. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const lost = error instanceof Error && lostFile.test(error.message);
  const shown = lost ? unreachable() : error instanceof Error ? error : new Error(String(error));
  const retry = () => {
    if (lost) {
      window.location.reload();
      return;
    }
    reset();
    void router.invalidate();
  };
  return (
    <Container py="xl">
      <ErrorState error={shown} onRetry={retry} />
    </Container>
  );
}

export function NotFound() {
  return (
    <Container py={80} component="main">
      <PageTitle>There is no such page</PageTitle>
      <Text mt="sm" className="soft">
        The address may be mistyped. <TextLink to="/">Go to the start</TextLink>.
      </Text>
    </Container>
  );
}
