import type { Account } from '@/api/users';

const administrator = 'admin';

/** Whether this account is the only one that could still let others in; the server decides, this tells it beforehand. */
export function isLastAdministrator(account: Account, accounts: Account[]): boolean {
  return account.role === administrator && !account.disabled && !accounts.some((other) => other.id !== account.id && other.role === administrator && !other.disabled);
}
