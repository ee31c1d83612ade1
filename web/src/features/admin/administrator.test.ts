import { expect, it } from 'vitest';

import type { Account } from '@/api/users';
import { isLastAdministrator } from '@/features/admin/administrator';

const account = (id: string, role: string, disabled = false): Account => ({
  id, username: id, role, disabled, has_password: true, created_at: '2026-01-01T00:00:00Z', last_sign_in_at: null, locked_until: null,
});

it('the last administrator is the only active one', () => {
  const one = account('a', 'admin');
  expect(isLastAdministrator(one, [one, account('b', 'analyst'), account('c', 'admin', true)])).toBe(true);
  expect(isLastAdministrator(one, [one, account('c', 'admin')])).toBe(false);
  expect(isLastAdministrator(account('b', 'analyst'), [])).toBe(false);
  expect(isLastAdministrator(account('c', 'admin', true), [])).toBe(false);
});
