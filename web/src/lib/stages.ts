import type { Status } from '@/api/detections';

/** What a job does right now, as a person says it. */
export function stageWords(status: Status, stage: string | undefined): string {
  if (status === 'queued') return 'Waiting for a free worker';
  const words = (stage ?? '').replaceAll('_', ' ');
  return words === '' ? 'Running' : words.charAt(0).toUpperCase() + words.slice(1);
}
