import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';

import { ApiError } from '@/api/client';
import { type Session, signIn } from '@/api/sessions';
import { ErrorState } from '@/components/ErrorState';
import { PageTitle } from '@/components/PageTitle';

interface Props {
  returning: boolean;
  onSignedIn: (session: Session) => void;
}

export function SignInForm({ returning, onSignedIn }: Props) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const enter = useMutation({ mutationFn: signIn, onSuccess: onSignedIn });
  const refused = enter.error instanceof ApiError && enter.error.status === 401;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate({ username: username.trim(), password });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <div>
          <PageTitle>Sign in</PageTitle>
          {returning && (
            <Text size="sm" mt={4} className="soft">
              You will be taken back to the page that you asked for.
            </Text>
          )}
        </div>
        {enter.isError && !refused && <ErrorState error={enter.error} />}
        <TextInput
          label="User name"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={refused ? 'User name or password is wrong.' : null}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        <Button type="submit" loading={enter.isPending} fullWidth mt="xs">
          Sign in
        </Button>
        <Text size="xs" className="soft">
          First start? The server printed a one-time link in its terminal.
        </Text>
      </Stack>
    </form>
  );
}
