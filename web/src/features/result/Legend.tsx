import { SeverityLabel } from '@/components/severity';
import type { ChartData } from '@/features/result/chartData';
import { severities } from '@/lib/severity';

import classes from './Legend.module.css';

interface Props {
  data: ChartData;
  flagged: boolean;
}

function has(line: ChartData['value']): boolean {
  return line.some((value) => value !== null);
}

/** What the lines and marks of the chart mean; only of those that are there. */
export function Legend({ data, flagged }: Props) {
  return (
    <figcaption className={classes['legend']}>
      <span>
        <i className={classes['value']} aria-hidden="true" /> measured
      </span>
      {has(data.expected) && (
        <span>
          <i className={classes['expected']} aria-hidden="true" /> expected
        </span>
      )}
      {has(data.lower) && (
        <span>
          <i className={classes['band']} aria-hidden="true" /> normal range
        </span>
      )}
      {flagged && severities.map((severity) => <SeverityLabel key={severity} severity={severity} />)}
    </figcaption>
  );
}
