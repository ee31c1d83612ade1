import { ActionIcon, Button, Group, Menu, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouter } from '@tanstack/react-router';

import { signOut } from '@/api/sessions';
import { ChevronIcon, Logo, MoonIcon, SunIcon } from '@/components/icons';
import { TextLink } from '@/components/TextLink';
import { LiveContext, useLiveUpdates } from '@/features/live/useLive';
import { Navigation } from '@/features/session/Navigation';
import { sessionQuery } from '@/features/session/queries';

import classes from './Shell.module.css';

function ColorSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const current = useComputedColorScheme('light');
  const next = current === 'dark' ? 'light' : 'dark';
  return (
    <Tooltip label={`Switch to ${next} colours`}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Switch to ${next} colours`} onClick={() => setColorScheme(next)}>
        {current === 'dark' ? <SunIcon /> : <MoonIcon />}
      </ActionIcon>
    </Tooltip>
  );
}

function UserMenu() {
  const client = useQueryClient();
  const router = useRouter();
  const { data } = useQuery(sessionQuery);
  if (data === undefined) return null;
  const leave = async () => {
    try {
      await signOut();
    } finally {
      client.clear();
      await router.navigate({ to: '/sign-in', search: {} });
    }
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="subtle" color="gray" px="sm" rightSection={<ChevronIcon size={14} />} className={classes['user']}>
          {data.user.username}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {data.user.tenant.name} · {data.user.role}
        </Menu.Label>
        <Menu.Item renderRoot={(props) => <Link to="/account" {...props} />}>Your account</Menu.Item>
        <Menu.Item component="a" href="/api/docs">
          REST API
        </Menu.Item>
        <Menu.Item onClick={() => void leave()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** What surrounds every page of a signed-in user. */
export function Shell() {
  const live = useLiveUpdates();
  return (
    <LiveContext.Provider value={live}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className={classes['header']}>
        <div className={classes['bar']}>
          <div className={classes['left']}>
            <TextLink to="/" underline="never" className={classes['brand']} aria-label="Anomaly Detection, overview">
              <Logo />
              <span className={classes['name']}>Anomaly Detection</span>
            </TextLink>
            <Navigation />
          </div>
          <Group gap={4} wrap="nowrap">
            <ColorSchemeToggle />
            <UserMenu />
          </Group>
        </div>
      </header>
      {live === 'lost' && (
        <div role="status" className={classes['lost']}>
          <Text size="sm">Connection to the server lost; reconnecting. What you see may be out of date.</Text>
        </div>
      )}
      <main id="main" className={classes['main']}>
        <Outlet />
      </main>
    </LiveContext.Provider>
  );
}
