import type { ChartData } from '@/features/result/chartData';
import { isoOf } from '@/features/result/chartData';
import { dash, formatDataTime, formatNumber, formatScore } from '@/lib/format';

import classes from './Readout.module.css';

interface Props {
  data: ChartData;
  column: string;
  position: number | null;
}

function Item({ name, value }: { name: string; value: string }) {
  return (
    <span className={classes['item']}>
      <span className="soft data-text">{name}</span> <span className="tabular">{value}</span>
    </span>
  );
}

/** The numbers under the pointer, in a place that does not jump. */
export function Readout({ data, column, position }: Props) {
  const seconds = position === null ? undefined : data.seconds[position];
  if (position === null || seconds === undefined) {
    return <div className={`${classes['readout']} soft`}>Point at the chart to read values. Drag across it to zoom in.</div>;
  }
  const score = data.score[position];
  const lower = data.lower[position];
  const upper = data.upper[position];
  return (
    <div className={classes['readout']}>
      <strong className="tabular">{formatDataTime(isoOf(seconds))} UTC</strong>
      <Item name={column} value={formatNumber(data.value[position])} />
      <Item name="expected" value={formatNumber(data.expected[position])} />
      {typeof lower === 'number' && typeof upper === 'number' && <Item name="band" value={`${formatNumber(lower)} to ${formatNumber(upper)}`} />}
      <Item name="score" value={typeof score === 'number' ? formatScore(score) : dash} />
    </div>
  );
}
