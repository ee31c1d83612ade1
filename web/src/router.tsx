import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';

import { ApiError, onSignedOut } from '@/api/client';
import { NotFound, RouteError, RoutePending } from '@/components/RouteStates';
import { rolesQuery } from '@/features/session/permissions';
import { sessionQuery } from '@/features/session/queries';
import { Shell } from '@/features/session/Shell';
import { parseSearch, stringifySearch, textOf, texts, wholeNumberOf } from '@/lib/search';
import { queryClient } from '@/queryClient';

export interface DatasetsSearch {
  q?: string;
  kind?: string;
}

export interface DetectionsSearch {
  q?: string;
  status?: string;
  dataset?: string;
  algorithm?: string;
  model?: string;
}

export interface ModelsSearch {
  q?: string;
  archived?: string;
  /** Train a model on this dataset, or like this detection. */
  dataset?: string;
  detection?: string;
}

/** What was chosen for a new detection: nothing is lost on reload, and a link shows a colleague the same. */
const setupNames = ['kind', 'time', 'columns', 'algorithm', 'parameters', 'threshold', 'priority', 'model', 'version', 'name'] as const;
export type NewDetectionSearch = { [name in (typeof setupNames)[number]]?: string };

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { one_time?: string; to?: string } => {
    const oneTime = textOf(search, 'one_time');
    const to = textOf(search, 'to');
    return { ...(oneTime === undefined ? {} : { one_time: oneTime }), ...(to === undefined ? {} : { to }) };
  },
  component: lazyRouteComponent(() => import('@/pages/SignInPage'), 'SignInPage'),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(sessionQuery);
      // Where the roles cannot be told, nothing that changes something is offered.
      await queryClient.ensureQueryData(rolesQuery).catch(() => null);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { to: location.href } });
    }
  },
});

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyRouteComponent(() => import('@/pages/HomePage'), 'HomePage'),
});

const datasetsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/datasets',
  validateSearch: (search: Record<string, unknown>): DatasetsSearch => texts(search, ['q', 'kind']),
  component: lazyRouteComponent(() => import('@/pages/DatasetsPage'), 'DatasetsPage'),
});

const datasetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/datasets/$id',
  component: lazyRouteComponent(() => import('@/pages/DatasetPage'), 'DatasetPage'),
});

const newDetectionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/datasets/$id/detect',
  validateSearch: (search: Record<string, unknown>): NewDetectionSearch => texts(search, setupNames),
  component: lazyRouteComponent(() => import('@/pages/NewDetectionPage'), 'NewDetectionPage'),
});

const detectionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/detections',
  validateSearch: (search: Record<string, unknown>): DetectionsSearch => texts(search, ['q', 'status', 'dataset', 'algorithm', 'model']),
  component: lazyRouteComponent(() => import('@/pages/DetectionsPage'), 'DetectionsPage'),
});

const anomalyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/detections/$id/anomalies/$row',
  component: lazyRouteComponent(() => import('@/pages/AnomalyPage'), 'AnomalyPage'),
});

const modelsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/models',
  validateSearch: (search: Record<string, unknown>): ModelsSearch => texts(search, ['q', 'archived', 'dataset', 'detection']),
  component: lazyRouteComponent(() => import('@/pages/ModelsPage'), 'ModelsPage'),
});

/** As for a new detection; `name` is the model's. */
export type NewModelSearch = NewDetectionSearch & { dataset?: string };

const newModelRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/models/new',
  validateSearch: (search: Record<string, unknown>): NewModelSearch => texts(search, ['dataset', ...setupNames]),
  component: lazyRouteComponent(() => import('@/pages/NewModelPage'), 'NewModelPage'),
});

export interface ModelSearch {
  version?: string;
  compare?: string;
}

const modelRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/models/$id',
  validateSearch: (search: Record<string, unknown>): ModelSearch => texts(search, ['version', 'compare']),
  component: lazyRouteComponent(() => import('@/pages/ModelPage'), 'ModelPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('@/pages/AccountPage'), 'AccountPage'),
});

const administrationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/administration',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => texts(search, ['tab']),
  component: lazyRouteComponent(() => import('@/pages/AdministrationPage'), 'AdministrationPage'),
});

export interface ResultSearch {
  from?: string;
  until?: string;
  anomaly?: number;
  column?: string;
  /** Which anomalies the list shows. */
  severity?: string;
  verdict?: string;
  /** The columns of the scatter plot. */
  x?: string;
  y?: string;
}

const detectionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/detections/$id',
  validateSearch: (search: Record<string, unknown>): ResultSearch => {
    const anomaly = wholeNumberOf(search, 'anomaly');
    return {
      ...texts(search, ['from', 'until', 'column', 'severity', 'verdict', 'x', 'y']),
      ...(anomaly === undefined ? {} : { anomaly }),
    };
  },
  component: lazyRouteComponent(() => import('@/pages/DetectionPage'), 'DetectionPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    shellRoute.addChildren([
      homeRoute,
      datasetsRoute,
      datasetRoute,
      newDetectionRoute,
      detectionsRoute,
      detectionRoute,
      anomalyRoute,
      modelsRoute,
      newModelRoute,
      modelRoute,
      accountRoute,
      administrationRoute,
    ]),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: RoutePending,
  defaultErrorComponent: RouteError,
  scrollRestoration: true,
});

onSignedOut(() => {
  if (router.state.location.pathname === '/sign-in') return;
  const target = router.state.location.href;
  queryClient.clear();
  void router.navigate({ to: '/sign-in', search: target === '/' ? {} : { to: target } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
