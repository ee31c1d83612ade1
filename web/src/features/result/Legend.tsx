import { SeverityLabel } from '@/components/severity';
import { severities } from '@/lib/severity';

import classes from './Legend.module.css';

/** What the lines and marks of the chart mean. */
export function Legend() {
  return (
    <figcaption className={classes['legend']}>
      <span>
        <i className={classes['value']} aria-hidden="true" /> measured
      </span>
      <span>
        <i className={classes['expected']} aria-hidden="true" /> expected
      </span>
      <span>
        <i className={classes['band']} aria-hidden="true" /> normal range
      </span>
      {severities.map((severity) => (
        <SeverityLabel key={severity} severity={severity} />
      ))}
    </figcaption>
  );
}
