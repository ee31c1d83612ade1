import { PageTitle } from '@/components/PageTitle';

export function DatasetsPage() {
  return <PageTitle>Datasets</PageTitle>;
}
