import { PageTitle } from '@/components/PageTitle';

export function DatasetPage() {
  return <PageTitle>Dataset</PageTitle>;
}
