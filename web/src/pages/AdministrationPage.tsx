import { SegmentedControl, Stack, Text } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { Notice } from '@/components/Notice';
import { PageTitle } from '@/components/PageTitle';
import { TextLink } from '@/components/TextLink';
import { Keys } from '@/features/admin/Keys';
import { RolesMatrix } from '@/features/admin/RolesMatrix';
import { Users } from '@/features/admin/Users';
import { useMay } from '@/features/session/permissions';

const route = getRouteApi('/shell/administration');

const tabs = [
  { value: 'users', label: 'Users' },
  { value: 'roles', label: 'Roles' },
  { value: 'keys', label: 'API keys' },
] as const;

function NotAllowed() {
  return (
    <Notice tone="note" title="This is for administrators">
      <Text size="sm">
        Your role does not hold the permission to manage accounts. Ask an administrator of your tenant. Your own password and API keys are on{' '}
        <TextLink to="/account" underline="always">your account page</TextLink>.
      </Text>
    </Notice>
  );
}

/** Who may do what. */
export function AdministrationPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayManage = useMay('accounts.manage');
  const tab = tabs.find(({ value }) => value === search.tab)?.value ?? (mayManage ? 'users' : 'roles');
  return (
    <Stack gap="lg">
      <PageTitle>Administration</PageTitle>
      <SegmentedControl
        aria-label="Part of the administration"
        data={tabs.map(({ value, label }) => ({ value, label }))}
        value={tab}
        style={{ alignSelf: 'flex-start' }}
        onChange={(value) => void navigate({ to: '/administration', search: { tab: value } })}
      />
      {tab === 'roles' && <RolesMatrix />}
      {tab !== 'roles' && !mayManage && <NotAllowed />}
      {tab === 'users' && mayManage && <Users />}
      {tab === 'keys' && mayManage && <Keys all />}
    </Stack>
  );
}
