import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';

import { ApiError } from '@/api/client';
import { changePassword } from '@/api/sessions';
import { ErrorState } from '@/components/ErrorState';
import { minimumLength, passwordProblems } from '@/features/session/password';

const blank = { current: '', password: '', repetition: '' };

/** Changes one's own password. */
export function PasswordForm({ username }: { username: string }) {
  const [entered, setEntered] = useState(blank);
  const [checked, setChecked] = useState(false);
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      setEntered(blank);
      setChecked(false);
    },
  });
  const problems = passwordProblems(entered.password, entered.repetition);
  const code = change.error instanceof ApiError ? change.error.code : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (entered.current === '' || problems.password !== null || problems.repetition !== null) return;
    change.mutate({ current_password: entered.current, new_password: entered.password });
  };
  const field = (name: keyof typeof blank) => ({
    value: entered[name],
    onChange: (event: { currentTarget: { value: string } }) => {
      setEntered({ ...entered, [name]: event.currentTarget.value });
      change.reset();
    },
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={420}>
        <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          {...field('current')}
          error={code === 'auth.wrong_password' ? 'This is not your present password.' : checked && entered.current === '' ? 'Your present password is needed.' : null}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the present password' }}
        />
        <PasswordInput
          label="New password"
          description={`At least ${minimumLength} characters. A few unrelated words are strong and easy to remember.`}
          autoComplete="new-password"
          {...field('password')}
          error={checked ? problems.password : null}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the new password' }}
        />
        <PasswordInput
          label="The same again"
          autoComplete="new-password"
          {...field('repetition')}
          error={checked ? problems.repetition : null}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the repeated password' }}
        />
        {change.isError && code !== 'auth.wrong_password' && <ErrorState error={change.error} title="The password was not changed" />}
        <Button type="submit" loading={change.isPending} style={{ alignSelf: 'flex-start' }}>
          Change the password
        </Button>
        <Text size="sm" role="status">
          {change.isSuccess && 'Your password is changed. Your other sessions were signed out.'}
        </Text>
      </Stack>
    </form>
  );
}
