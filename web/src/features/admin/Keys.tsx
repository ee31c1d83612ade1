import { Button, Group, Select, Stack, Switch, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';

import { type ApiKey, createApiKey, type MadeApiKey, revokeApiKey } from '@/api/apiKeys';
import { Confirm } from '@/components/Confirm';
import { Copy } from '@/components/Copy';
import { Dialog } from '@/components/Dialog';
import { EmptyState } from '@/components/EmptyState';
import { ErrorState } from '@/components/ErrorState';
import { Listing } from '@/components/Listing';
import listing from '@/components/listing.module.css';
import { RelativeTime } from '@/components/RelativeTime';
import { keysQuery } from '@/features/admin/queries';
import { rolesQuery } from '@/features/session/permissions';
import { sessionQuery } from '@/features/session/queries';
import { formatAbsolute } from '@/lib/format';
import { newKey } from '@/lib/keys';

const dayMs = 86_400_000;
const lives = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: '', label: 'no end' },
];

function stateOf(key: ApiKey): 'revoked' | 'expired' | 'active' {
  if (key.revoked_at !== null) return 'revoked';
  return key.expires_at !== null && Date.parse(key.expires_at) < Date.now() ? 'expired' : 'active';
}

function Expiry({ apiKey }: { apiKey: ApiKey }) {
  const state = stateOf(apiKey);
  if (state === 'revoked' && apiKey.revoked_at !== null) {
    return (
      <span className="soft">
        revoked <RelativeTime iso={apiKey.revoked_at} />
      </span>
    );
  }
  if (apiKey.expires_at === null) return <span>no end</span>;
  return state === 'expired' ? <span className="soft">expired</span> : <span title={formatAbsolute(apiKey.expires_at)}>{formatAbsolute(apiKey.expires_at).split(',')[0]}</span>;
}

function NewKeyForm({ onClose, onMade }: { onClose: () => void; onMade: (made: MadeApiKey) => void }) {
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const roles = useQuery(rolesQuery);
  const own = session.data?.user.role ?? '';
  // Roles are listed from the least to the greatest: a key may not do more than its owner.
  const names = roles.data?.items.map((role) => role.name) ?? [own];
  const allowed = names.filter((name) => permissionsOf(name).every((permission) => permissionsOf(own).includes(permission)));
  const [name, setName] = useState('');
  const [role, setRole] = useState<string | null>(null);
  const [life, setLife] = useState('90');
  function permissionsOf(name: string): string[] {
    return roles.data?.items.find((item) => item.name === name)?.permissions ?? [];
  }
  // The same order tried again after a lost answer makes no second key, so the end that it names stays too.
  const tried = useRef({ text: '', key: '', expiresAt: null as string | null });
  const create = useMutation({
    mutationFn: () => {
      const text = JSON.stringify([name.trim(), role, life]);
      if (tried.current.text !== text) tried.current = { text, key: newKey(), expiresAt: life === '' ? null : new Date(Date.now() + Number(life) * dayMs).toISOString() };
      return createApiKey({ name: name.trim(), role: role ?? own, expires_at: tried.current.expiresAt }, tried.current.key);
    },
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['api-keys'] });
      onMade(made);
    },
    onError: () => void client.invalidateQueries({ queryKey: ['api-keys'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') create.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label="Name" description="What uses it, so that you know later which key to revoke." placeholder="nightly scoring" value={name} maxLength={200} data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
        <Group grow align="flex-start">
          <Select label="Role" description="What the key may do." data={allowed} value={role ?? own} allowDeselect={false} onChange={setRole} />
          <Select label="Works for" description="Then it stops by itself." data={lives} value={life} allowDeselect={false} onChange={(value) => setLife(value ?? '90')} />
        </Group>
        {create.isError && <ErrorState error={create.error} title="The key was not made" />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Secret({ made, onClose }: { made: MadeApiKey | null; onClose: () => void }) {
  return (
    <Dialog opened={made !== null} onClose={onClose} title="Your new API key" size="lg" firm>
      {made !== null && (
        <Stack>
          <Text size="sm" className="data-text">
            <strong>{made.key.name}</strong> acts as you, with the role {made.key.role}. Programs send it as <code>Authorization: Bearer</code>.
          </Text>
          <Copy of="API key" text={made.secret} />
          <Text size="sm" fw={550}>
            It is shown only now; the server keeps no copy of it. If it gets lost, revoke it and make another.
          </Text>
        </Stack>
      )}
    </Dialog>
  );
}

function useRevoke() {
  const client = useQueryClient();
  const [asked, setAsked] = useState<ApiKey | null>(null);
  const revoke = useMutation({
    mutationFn: (key: ApiKey) => revokeApiKey(key.id),
    onSuccess: () => {
      setAsked(null);
      void client.invalidateQueries({ queryKey: ['api-keys'] });
    },
  });
  const dialog = (
    <Confirm
      opened={asked !== null}
      title="Revoke this key?"
      action="Revoke the key"
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => asked !== null && revoke.mutate(asked)}
      onClose={() => {
        setAsked(null);
        revoke.reset();
      }}
    >
      {asked !== null && (
        <>
          Whatever uses <strong>{asked.name}</strong> ({asked.prefix}…, of {asked.user.username}) is refused from now on. That cannot be undone; a new key can be made.
        </>
      )}
    </Confirm>
  );
  return { ask: setAsked, dialog };
}

/** API keys: one's own, or all of the tenant. */
export function Keys({ all }: { all: boolean }) {
  const query = useInfiniteQuery(keysQuery(all));
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<MadeApiKey | null>(null);
  const [ended, setEnded] = useState(false);
  const { ask, dialog } = useRevoke();
  const keys = query.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = ended ? keys : keys.filter((key) => stateOf(key) === 'active');
  const makeButton = <Button onClick={() => setMaking(true)}>Make an API key</Button>;
  const blank = query.isSuccess && shown.length === 0;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text size="sm" className="soft" maw={560}>
          {all ? 'Keys of everybody in your tenant. You can revoke each of them; each acts as the user who made it.' : 'Programs sign in with a key instead of your password. A key acts as you, with your role or a lesser one.'}
        </Text>
        {!all && !blank && makeButton}
      </Group>
      {keys.some((key) => stateOf(key) !== 'active') && <Switch label="Show revoked and expired ones" checked={ended} onChange={(event) => setEnded(event.currentTarget.checked)} />}
      <Listing
        of="API keys"
        query={{ ...query, isPlaceholderData: false }}
        count={shown.length}
        empty={
          <EmptyState title="No API key" action={all ? undefined : makeButton}>
            {all ? 'Nobody in your tenant has a working key. Everybody makes their own on the account page.' : 'Make one for each program that asks this server, and revoke it when the program is gone.'}
          </EmptyState>
        }
      >
        <table className={listing['table']}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Begins with</th>
              {all && <th scope="col">User</th>}
              <th scope="col">Role</th>
              <th scope="col">Works until</th>
              <th scope="col" className={listing['right']}>
                Last used
              </th>
              <th scope="col" className={listing['right']}>
                Made
              </th>
              <th scope="col">
                <VisuallyHidden>Action</VisuallyHidden>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((key) => (
              <tr key={key.id}>
                <td className={listing['wide']}>
                  <span className={`${listing['main']} data-text`}>{key.name}</span>
                </td>
                <td data-label="Begins with">
                  <code>{key.prefix}</code>
                </td>
                {all && (
                  <td data-label="User" className="data-text">
                    {key.user.username}
                  </td>
                )}
                <td data-label="Role">{key.role}</td>
                <td data-label="Works until">
                  <Expiry apiKey={key} />
                </td>
                <td data-label="Last used" className={`${listing['right']} soft`}>
                  {key.last_used_at === null ? 'never' : <RelativeTime iso={key.last_used_at} />}
                </td>
                <td data-label="Made" className={`${listing['right']} soft`}>
                  <RelativeTime iso={key.created_at} />
                </td>
                <td className={listing['right']}>
                  {stateOf(key) === 'active' && (
                    <Button size="compact-sm" variant="default" aria-label={`Revoke ${key.name}`} onClick={() => ask(key)}>
                      Revoke
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Listing>
      <Dialog opened={making} onClose={() => setMaking(false)} title="Make an API key">
        <NewKeyForm
          onClose={() => setMaking(false)}
          onMade={(answer) => {
            setMaking(false);
            setMade(answer);
          }}
        />
      </Dialog>
      <Secret made={made} onClose={() => setMade(null)} />
      {dialog}
    </Stack>
  );
}
