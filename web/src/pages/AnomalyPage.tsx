import { PageTitle } from '@/components/PageTitle';

export function AnomalyPage() {
  return <PageTitle>Anomaly</PageTitle>;
}
