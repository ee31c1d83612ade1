import { PageTitle } from '@/components/PageTitle';

export function ModelsPage() {
  return <PageTitle>Models</PageTitle>;
}
