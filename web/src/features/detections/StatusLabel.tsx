import type { Detection, Status } from '@/api/detections';
import { formatPercent } from '@/lib/format';

import classes from './StatusLabel.module.css';

const words: Record<Status, string> = {
  queued: 'Waiting',
  running: 'Running',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export function StatusLabel({ detection }: { detection: Pick<Detection, 'status' | 'progress'> }) {
  const { status, progress } = detection;
  return (
    <span className={classes['label']} data-status={status}>
      <span className={classes['dot']} aria-hidden="true" />
      {words[status]}
      {status === 'running' && progress !== null && <span className="tabular"> {formatPercent(progress.fraction)}</span>}
    </span>
  );
}
