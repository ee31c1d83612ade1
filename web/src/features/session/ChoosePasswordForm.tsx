import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';

import { type Session, signIn } from '@/api/sessions';
import { ErrorState } from '@/components/ErrorState';
import { PageTitle } from '@/components/PageTitle';
import { minimumLength, passwordProblems } from '@/features/session/password';

interface Props {
  token: string;
  username: string;
  onSignedIn: (session: Session) => void;
}

export function ChoosePasswordForm({ token, username, onSignedIn }: Props) {
  const [password, setPassword] = useState('');
  const [repetition, setRepetition] = useState('');
  const [checked, setChecked] = useState(false);
  const enter = useMutation({ mutationFn: signIn, onSuccess: onSignedIn });
  const problems = passwordProblems(password, repetition);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (problems.password === null && problems.repetition === null) {
      enter.mutate({ one_time_token: token, new_password: password });
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <div>
          <PageTitle>Choose a password</PageTitle>
          <Text size="sm" mt={4} className="soft">
            You sign in as <strong className="data-text">{username}</strong>. This link works once; afterwards you sign in with the
            password that you choose here.
          </Text>
        </div>
        {enter.isError && <ErrorState error={enter.error} />}
        <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
        <PasswordInput
          label="New password"
          description={`At least ${minimumLength} characters. A few unrelated words are strong and easy to remember.`}
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={checked ? problems.password : null}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        <PasswordInput
          label="The same again"
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={repetition}
          onChange={(event) => setRepetition(event.currentTarget.value)}
          error={checked ? problems.repetition : null}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the repeated password' }}
        />
        <Button type="submit" loading={enter.isPending} fullWidth mt="xs">
          Set the password and sign in
        </Button>
      </Stack>
    </form>
  );
}
