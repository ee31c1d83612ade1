import { Skeleton, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';

import { ApiError } from '@/api/client';
import { oneTime, type Session } from '@/api/sessions';
import { ErrorState } from '@/components/ErrorState';
import { Logo } from '@/components/icons';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';
import { ChoosePasswordForm } from '@/features/session/ChoosePasswordForm';
import { sessionQuery } from '@/features/session/queries';
import { SignInForm } from '@/features/session/SignInForm';
import { safeTarget } from '@/lib/search';

import classes from './SignInPage.module.css';

const route = getRouteApi('/sign-in');

function OneTimeSignIn({ token, onSignedIn }: { token: string; onSignedIn: (session: Session) => void }) {
  const invitation = useQuery({ queryKey: ['one-time', token], queryFn: () => oneTime(token), retry: false, staleTime: Infinity });
  if (invitation.isPending) return <Skeleton height={220} />;
  if (invitation.isError) {
    const spent = invitation.error instanceof ApiError && invitation.error.status === 401;
    return (
      <Stack>
        <PageTitle tab="Sign in">{spent ? 'This link no longer works' : 'The link could not be checked'}</PageTitle>
        {spent ? (
          <Text className="soft">
            A sign-in link works once and for a limited time. If you chose a password with it, sign in with that password;
            otherwise ask your administrator for a new link, or restart the server to have one printed.
          </Text>
        ) : (
          <ErrorState error={invitation.error} onRetry={() => void invitation.refetch()} />
        )}
        <TextLink to="/sign-in">
          Sign in with a password
        </TextLink>
      </Stack>
    );
  }
  return <ChoosePasswordForm token={token} username={invitation.data.username} onSignedIn={onSignedIn} />;
}

export function SignInPage() {
  const { one_time: token, to } = route.useSearch();
  const client = useQueryClient();
  const router = useRouter();
  const enter = (session: Session) => {
    client.setQueryData(sessionQuery.queryKey, session);
    void router.navigate({ href: safeTarget(to), replace: true });
  };
  return (
    <main className={classes['page']}>
      <div className={classes['card']}>
        <div className={classes['brand']}>
          <Logo />
          <span>Anomaly Detection</span>
        </div>
        {token === undefined ? (
          <SignInForm returning={to !== undefined} onSignedIn={enter} />
        ) : (
          <OneTimeSignIn token={token} onSignedIn={enter} />
        )}
      </div>
    </main>
  );
}
