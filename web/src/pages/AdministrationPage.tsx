import { PageTitle } from '@/components/PageTitle';

export function AdministrationPage() {
  return <PageTitle>Administration</PageTitle>;
}
