import type { Severity } from '@/api/detections';
import { shapeOf } from '@/lib/severity';

import classes from './severity.module.css';

/** The mark of a severity: told by shape and size, and by colour only in addition. */
export function SeverityMark({ severity, size = 14 }: { severity: Severity; size?: number }) {
  const shape = shapeOf[severity];
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="-9 -9 18 18" className={classes['mark']}>
      <path
        d={shape.path}
        fill={shape.filled ? `var(--severity-${severity})` : 'none'}
        stroke={`var(--severity-${severity})`}
        strokeWidth="2"
        strokeLinejoin="round"
      />
    </svg>
  );
}

export function SeverityLabel({ severity }: { severity: Severity }) {
  return (
    <span className={classes['label']}>
      <SeverityMark severity={severity} />
      <span>{severity}</span>
    </span>
  );
}
