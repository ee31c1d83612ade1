import { PageTitle } from '@/components/PageTitle';

export function DetectionsPage() {
  return <PageTitle>Detections</PageTitle>;
}
