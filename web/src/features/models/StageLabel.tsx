import type { Stage } from '@/api/models';

import classes from './StageLabel.module.css';

const words: Record<Stage, string> = { none: 'no stage', staging: 'staging', production: 'production', archived: 'archived' };

/** Where a version stands: told by a word in a frame that is filled for the one in production. */
export function StageLabel({ stage }: { stage: Stage }) {
  return (
    <span className={classes['stage']} data-stage={stage}>
      {words[stage]}
    </span>
  );
}
