import { Badge, Button, Group, Menu, Select, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { type Account, changeUser, deleteUser, newOneTimeToken } from '@/api/users';
import { Confirm } from '@/components/Confirm';
import { EmptyState } from '@/components/EmptyState';
import { ErrorState } from '@/components/ErrorState';
import { ChevronIcon } from '@/components/icons';
import { Listing } from '@/components/Listing';
import listing from '@/components/listing.module.css';
import { RelativeTime } from '@/components/RelativeTime';
import { NewUser } from '@/features/admin/NewUser';
import { OneTimeLink, type ShownLink } from '@/features/admin/OneTimeLink';
import { isLastAdministrator } from '@/features/admin/administrator';
import { usersQuery } from '@/features/admin/queries';
import { rolesQuery } from '@/features/session/permissions';
import { sessionQuery } from '@/features/session/queries';

type Asked = { account: Account; action: 'disable' | 'delete' | 'link' } | { account: Account; action: 'role'; role: string };

function StateOf({ account }: { account: Account }) {
  const [now] = useState(Date.now);
  if (account.disabled) return <span className="soft">disabled</span>;
  if (account.locked_until !== null && Date.parse(account.locked_until) > now) {
    return (
      <span>
        locked, until <RelativeTime iso={account.locked_until} />
      </span>
    );
  }
  return account.has_password ? <span>active</span> : <span className="soft">has not signed in yet</span>;
}

function perform(asked: Asked): Promise<unknown> {
  const { account } = asked;
  if (asked.action === 'role') return changeUser(account.id, { role: asked.role });
  if (asked.action === 'disable') return changeUser(account.id, { disabled: !account.disabled });
  if (asked.action === 'delete') return deleteUser(account.id);
  return newOneTimeToken(account.id);
}

function questionOf(asked: Asked, self: boolean): { title: string; action: string; body: string; calm: boolean } {
  const name = asked.account.username;
  switch (asked.action) {
    case 'role':
      return { title: 'Change the role?', action: `Make ${asked.role}`, calm: true, body: `${name} is ${asked.account.role} now and becomes ${asked.role}, at once in every open session.${self ? ' That is you: what you see here may go away.' : ''}` };
    case 'disable':
      return asked.account.disabled
        ? { title: 'Enable the user?', action: 'Enable', calm: true, body: `${name} can sign in again. API keys that were revoked stay revoked.` }
        : { title: 'Disable the user?', action: 'Disable', calm: false, body: `${name} is signed out everywhere at once and cannot sign in; API keys stop working. Data and detections stay.` };
    case 'delete':
      return { title: 'Delete the user?', action: 'Delete the user', calm: false, body: `${name} goes for good, with sessions and API keys. Data, detections and models that ${name} made stay with the tenant.` };
    case 'link':
      return { title: 'Make a new sign-in link?', action: 'Make a new link', calm: true, body: `With it ${name} chooses a new password. Links made before stop working.` };
  }
}

function useUserActions(onLink: (link: ShownLink) => void, ownId: string | undefined) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const act = useMutation({
    mutationFn: perform,
    onSuccess: (answer, what) => {
      setAsked(null);
      if (what.action === 'link') onLink({ ...(answer as { one_time_token: string; expires_at: string }), username: what.account.username });
      void client.invalidateQueries({ queryKey: ['users'] });
      void client.invalidateQueries({ queryKey: ['api-keys'] });
      if (what.account.id === ownId) void client.invalidateQueries({ queryKey: ['session'] });
    },
  });
  const question = asked === null ? null : questionOf(asked, asked.account.id === ownId);
  const dialog = (
    <Confirm
      opened={question !== null}
      title={question?.title ?? ''}
      action={question?.action ?? ''}
      calm={question?.calm ?? true}
      keep="Cancel"
      pending={act.isPending}
      error={act.error}
      onConfirm={() => asked !== null && act.mutate(asked)}
      onClose={() => {
        setAsked(null);
        act.reset();
      }}
    >
      {question?.body}
    </Confirm>
  );
  return { ask: setAsked, dialog };
}

interface RowProps {
  account: Account;
  roles: string[];
  last: boolean;
  self: boolean;
  onAsk: (asked: Asked) => void;
}

function UserActions({ account, last, onAsk }: Pick<RowProps, 'account' | 'last' | 'onAsk'>) {
  return (
    <Menu position="bottom-end" width={220} shadow="md">
      <Menu.Target>
        <Button size="compact-sm" variant="default" rightSection={<ChevronIcon size={12} />} aria-label={`Actions on ${account.username}`}>
          Actions
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onAsk({ account, action: 'link' })}>New sign-in link</Menu.Item>
        <Menu.Item disabled={last} onClick={() => onAsk({ account, action: 'disable' })}>
          {account.disabled ? 'Enable' : 'Disable'}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={last} onClick={() => onAsk({ account, action: 'delete' })}>
          Delete the user
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function UserRow({ account, roles, last, self, onAsk }: RowProps) {
  return (
    <tr>
      <td className={listing['wide']}>
        <span className={`${listing['main']} data-text`}>{account.username}</span>{' '}
        {self && (
          <Badge variant="light" size="sm" tt="none">
            you
          </Badge>
        )}
        {last && <div className={listing['below']}>The last administrator: cannot be disabled, deleted or given another role.</div>}
      </td>
      <td data-label="Role">
        <Select
          size="xs"
          w={130}
          aria-label={`Role of ${account.username}`}
          data={roles}
          value={account.role}
          allowDeselect={false}
          disabled={last}
          onChange={(role) => role !== null && role !== account.role && onAsk({ account, action: 'role', role })}
        />
      </td>
      <td data-label="State">
        <StateOf account={account} />
      </td>
      <td data-label="Last sign-in" className={`${listing['right']} soft`}>
        {account.last_sign_in_at === null ? 'never' : <RelativeTime iso={account.last_sign_in_at} />}
      </td>
      <td data-label="Added" className={`${listing['right']} soft`}>
        <RelativeTime iso={account.created_at} />
      </td>
      <td className={listing['right']}>
        <UserActions account={account} last={last} onAsk={onAsk} />
      </td>
    </tr>
  );
}

/** The users of the tenant. */
export function Users() {
  const query = useInfiniteQuery(usersQuery);
  const roles = useQuery(rolesQuery);
  const session = useQuery(sessionQuery);
  const [adding, setAdding] = useState(false);
  const [link, setLink] = useState<ShownLink | null>(null);
  const ownId = session.data?.user.id;
  const { ask, dialog } = useUserActions(setLink, ownId);
  const accounts = query.data?.pages.flatMap((page) => page.items) ?? [];
  const names = roles.data?.items.map((role) => role.name) ?? [];
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text size="sm" className="soft" maw={620}>
          Everybody who can sign in to your tenant. What each role may do is told under Roles.
        </Text>
        <Button onClick={() => setAdding(true)}>Add a user</Button>
      </Group>
      {roles.isError && <ErrorState error={roles.error} title="The roles cannot be shown" onRetry={() => void roles.refetch()} />}
      <Listing of="users" query={{ ...query, isPlaceholderData: false }} count={accounts.length} empty={<EmptyState title="No user">Add the first one.</EmptyState>}>
        <table className={listing['table']}>
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">Role</th>
              <th scope="col">State</th>
              <th scope="col" className={listing['right']}>
                Last sign-in
              </th>
              <th scope="col" className={listing['right']}>
                Added
              </th>
              <th scope="col">
                <VisuallyHidden>Actions</VisuallyHidden>
              </th>
            </tr>
          </thead>
          <tbody>
            {accounts.map((account) => (
              // Only where all accounts are known can one be told to be the last.
              <UserRow key={account.id} account={account} roles={names} self={account.id === ownId} last={!query.hasNextPage && isLastAdministrator(account, accounts)} onAsk={ask} />
            ))}
          </tbody>
        </table>
      </Listing>
      <NewUser
        opened={adding}
        onClose={() => setAdding(false)}
        onMade={(made) => {
          setAdding(false);
          setLink({ one_time_token: made.one_time_token, expires_at: made.expires_at, username: made.user.username });
        }}
      />
      <OneTimeLink shown={link} onClose={() => setLink(null)} />
      {dialog}
    </Stack>
  );
}
