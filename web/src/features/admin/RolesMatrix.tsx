import { Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { ErrorState } from '@/components/ErrorState';
import { CheckIcon } from '@/components/icons';
import listing from '@/components/listing.module.css';
import { rolesQuery } from '@/features/session/permissions';
import { sessionQuery } from '@/features/session/queries';
import { dash } from '@/lib/format';

import classes from './RolesMatrix.module.css';

/** Which role may do what. */
export function RolesMatrix() {
  const roles = useQuery(rolesQuery);
  const session = useQuery(sessionQuery);
  if (roles.isPending) return <Skeleton height={420} radius="lg" role="status" aria-label="Loading the roles" />;
  if (roles.data === undefined) return <ErrorState error={roles.error} title="The roles cannot be shown" onRetry={() => void roles.refetch()} />;
  const { items, permissions } = roles.data;
  const own = session.data?.user.role;
  return (
    <Stack gap="md">
      <Text size="sm" className="soft" maw={680}>
        What is not marked is forbidden. Roles come with the platform and are the same for every tenant. You are <strong>{own}</strong>.
      </Text>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no pointer scrolls a focused region by the arrow keys */}
      <div className={`${listing['card']} ${classes['scroll']}`} role="region" aria-label="Roles and permissions" tabIndex={0}>
        <table className={classes['matrix']}>
          <thead>
            <tr>
              <th scope="col">May</th>
              {items.map((role) => (
                <th key={role.name} scope="col" data-own={role.name === own || undefined}>
                  {role.name}
                  <span className={classes['about']}>{role.description}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {permissions.map((permission) => (
              <tr key={permission.name}>
                <th scope="row">
                  {permission.description}
                  <span className={classes['name']}>{permission.name}</span>
                </th>
                {items.map((role) => {
                  const holds = role.permissions.includes(permission.name);
                  return (
                    <td key={role.name} data-own={role.name === own || undefined} data-holds={holds || undefined}>
                      {holds ? <CheckIcon size={18} /> : <span aria-hidden="true">{dash}</span>}
                      <VisuallyHidden>{holds ? 'yes' : 'no'}</VisuallyHidden>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Stack>
  );
}
