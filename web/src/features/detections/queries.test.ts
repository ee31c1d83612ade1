import { QueryClient } from '@tanstack/react-query';
import { expect, it } from 'vitest';

import type { Detection } from '@/api/detections';
import { keepAnswer } from '@/features/detections/queries';

const detection = (status: Detection['status']) => ({ id: 'd', status }) as Detection;

it('does not take back an end that an event told', () => {
  const client = new QueryClient();
  keepAnswer(client, detection('queued'));
  expect(client.getQueryData<Detection>(['detection', 'd'])?.status).toBe('queued');
  client.setQueryData(['detection', 'd'], detection('succeeded'));
  keepAnswer(client, detection('running'));
  expect(client.getQueryData<Detection>(['detection', 'd'])?.status).toBe('succeeded');
  keepAnswer(client, detection('cancelled'));
  expect(client.getQueryData<Detection>(['detection', 'd'])?.status).toBe('cancelled');
});
