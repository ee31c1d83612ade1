import { Button, Group, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';

import { createUser, type MadeAccount } from '@/api/users';
import { Dialog } from '@/components/Dialog';
import { ErrorState } from '@/components/ErrorState';
import { rolesQuery } from '@/features/session/permissions';
import { newKey } from '@/lib/keys';

interface Props {
  opened: boolean;
  onClose: () => void;
  onMade: (made: MadeAccount) => void;
}

function Form({ onClose, onMade }: Omit<Props, 'opened'>) {
  const client = useQueryClient();
  const roles = useQuery(rolesQuery);
  const [username, setUsername] = useState('');
  const [role, setRole] = useState('analyst');
  // A repeated order after a lost answer makes no second user.
  const [attempt, setAttempt] = useState(newKey);
  const create = useMutation({
    mutationFn: () => createUser({ username: username.trim(), role }, attempt),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['users'] });
      onMade(made);
    },
    onError: () => void client.invalidateQueries({ queryKey: ['users'] }),
  });
  const change = (act: () => void) => {
    act();
    setAttempt(newKey());
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (username.trim() !== '') create.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="User name"
          description="What the person signs in with, such as an e-mail address."
          value={username}
          maxLength={200}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-autofocus
          onChange={(event) => {
            const { value } = event.currentTarget;
            change(() => setUsername(value));
          }}
        />
        <Radio.Group label="Role" value={role} onChange={(value) => change(() => setRole(value))}>
          <Stack gap="xs" mt={6}>
            {(roles.data?.items ?? []).map((item) => (
              <Radio key={item.name} value={item.name} label={item.name} description={item.description} />
            ))}
          </Stack>
        </Radio.Group>
        <Text size="sm" className="soft">
          You get a sign-in link to hand on; the person chooses the password.
        </Text>
        {create.isError && <ErrorState error={create.error} title="The user was not added" />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={username.trim() === ''}>
            Add the user
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function NewUser({ opened, onClose, onMade }: Props) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Add a user">
      <Form onClose={onClose} onMade={onMade} />
    </Dialog>
  );
}
