import { ActionIcon, Menu } from '@mantine/core';
import { Link, useRouterState } from '@tanstack/react-router';

import { MenuIcon } from '@/components/icons';

import classes from './Navigation.module.css';

/** The parts of the dashboard. Each may be opened by every role: what a role may not do is hidden inside. */
export const entries = [
  { to: '/', label: 'Overview' },
  { to: '/datasets', label: 'Datasets' },
  { to: '/detections', label: 'Detections' },
  { to: '/models', label: 'Models' },
  { to: '/administration', label: 'Administration' },
] as const;

function isCurrent(pathname: string, to: string): boolean {
  return to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`);
}

/** The way to every part: a row of links, and on a phone a menu. */
export function Navigation() {
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  return (
    <>
      <nav aria-label="Parts of the dashboard" className={classes['row']}>
        {entries.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            search={{}}
            className={classes['link']}
            activeProps={{}}
            data-current={isCurrent(pathname, to) || undefined}
            aria-current={isCurrent(pathname, to) ? 'page' : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      <Menu position="bottom-start" width={220} shadow="md">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Parts of the dashboard" className={classes['burger']}>
            <MenuIcon size={20} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {entries.map(({ to, label }) => (
            <Menu.Item
              key={to}
              renderRoot={(props) => <Link to={to} search={{}} {...props} />}
              data-current={isCurrent(pathname, to) || undefined}
              className={classes['item']}
            >
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
