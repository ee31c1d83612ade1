import { Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { PageTitle } from '@/components/PageTitle';
import { PasswordForm } from '@/features/account/PasswordForm';
import { Keys } from '@/features/admin/Keys';
import { sessionQuery } from '@/features/session/queries';
import { formatAbsolute } from '@/lib/format';

/** One's own account: who one is, the API keys, the password. */
export function AccountPage() {
  const { data: session } = useQuery(sessionQuery);
  if (session === undefined) return null;
  const { user } = session;
  return (
    <Stack gap={32}>
      <div>
        <PageTitle>Your account</PageTitle>
        <Text className="soft data-text">
          {user.username}, with the role {user.role}, in the tenant {user.tenant.name}. This session ends {formatAbsolute(session.expires_at)}.
        </Text>
      </div>
      <section aria-labelledby="keys-title">
        <Title order={2} id="keys-title" mb="sm">
          API keys
        </Title>
        <Keys all={false} />
      </section>
      <Paper component="section" aria-labelledby="password-title">
        <Title order={2} id="password-title" mb="sm">
          Password
        </Title>
        <PasswordForm username={user.username} />
      </Paper>
    </Stack>
  );
}
