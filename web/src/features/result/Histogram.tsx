import { useElementSize } from '@mantine/hooks';
import { useMemo, useRef } from 'react';

import type { Distribution } from '@/api/detections';
import { useHandle } from '@/features/result/useHandle';
import type { ThresholdControl } from '@/features/result/useThreshold';
import { noneCutoff } from '@/lib/curve';
import { formatCount, formatNumber, formatScore } from '@/lib/format';
import { barsOf, edgeScale, linearScale, partsOf, spacedTicks, ticks } from '@/lib/histogram';

import classes from './Histogram.module.css';

const height = 210;
const margin = { left: 48, right: 14, top: 30, bottom: 34 };

interface Props {
  distribution: Distribution;
  control: ThresholdControl;
  /** Of the counts. */
  logarithmic: boolean;
  /** Whether the bins are finer where most scores lie; each is drawn equally wide. */
  stretched: boolean;
  /** Whether the reader's role may move the line. */
  allowed: boolean;
}

function countTicks(highest: number, logarithmic: boolean): number[] {
  if (!logarithmic) return ticks(0, highest, 3);
  const powers: number[] = [];
  for (let power = 1; power <= highest; power *= 10) powers.push(power);
  return powers.length > 4 ? powers.filter((_, position) => position % 2 === 0) : powers;
}

/** How the scores are spread, with the threshold as a line that can be moved. */
export function Histogram({ distribution, control, logarithmic, stretched, allowed }: Props) {
  const { ref, width } = useElementSize();
  const frame = useRef<SVGSVGElement>(null);
  const inner = Math.max(width - margin.left - margin.right, 40);
  const { edges, counts, curve } = distribution;
  const low = edges[0] ?? 0;
  const high = Math.max(edges.at(-1) ?? 1, noneCutoff(curve));
  const scale = useMemo(
    // Beyond the last bin a place is left for a threshold that nothing reaches.
    () => (stretched ? edgeScale(edges, (inner * (edges.length - 1)) / edges.length) : linearScale(low, high, inner)),
    [stretched, edges, low, high, inner],
  );
  const bars = useMemo(() => barsOf(edges, counts, scale, height, logarithmic), [edges, counts, scale, logarithmic]);
  const { shown, consequence, handle } = useHandle({
    curve,
    control,
    label: 'Threshold on the score',
    orientation: 'horizontal',
    scoreAt: (event) => scale.toValue(event.clientX - (frame.current?.getBoundingClientRect().left ?? 0) - margin.left),
  });
  const position = Math.min(Math.max(scale.toPosition(shown), 0), inner);
  const highest = Math.max(0, ...counts);
  const heightOf = (count: number) => (logarithmic ? Math.log1p(count) / Math.log1p(highest) : count / highest) * height;
  const labelRight = position < inner - 150;
  return (
    <div ref={ref} className={classes['frame']}>
      {width > 0 && (
        <svg ref={frame} width={width} height={height + margin.top + margin.bottom} role="group" aria-label="Histogram of the scores">
          <g transform={`translate(${margin.left} ${margin.top})`}>
            {countTicks(highest, logarithmic).map((count) => (
              <g key={count} transform={`translate(0 ${height - heightOf(count)})`} aria-hidden="true">
                <line x2={inner} className={classes['grid']} />
                <text x={-8} dy="0.32em" textAnchor="end" className={classes['tick']}>
                  {formatCount(count)}
                </text>
              </g>
            ))}
            <g aria-hidden="true">
              {bars.flatMap((bar) =>
                partsOf(bar, position).map((part) => (
                  <rect
                    key={`${bar.from} ${part.flagged}`}
                    x={part.x}
                    y={height - bar.height}
                    width={part.width}
                    height={bar.height}
                    // A bin of one score has a width all the same, so a threshold above that score may lie within.
                    className={part.flagged && consequence.anomalies > 0 ? classes['flagged'] : classes['bar']}
                  >
                    <title>{`Score ${formatScore(bar.from)} to ${formatScore(bar.to)}: ${formatCount(bar.count)} rows`}</title>
                  </rect>
                )),
              )}
            </g>
            <line x2={inner} y1={height} y2={height} className={classes['axis']} />
            {(stretched ? spacedTicks(scale, inner, 74) : ticks(low, high, inner / 90)).map((value) => (
              <text key={value} x={scale.toPosition(value)} y={height + 16} textAnchor="middle" className={classes['tick']} aria-hidden="true">
                {formatNumber(value)}
              </text>
            ))}
            <text x={inner / 2} y={height + 31} textAnchor="middle" className={classes['tick']} aria-hidden="true">
              {stretched ? 'anomaly score, axis finer where most rows are' : 'anomaly score'}
            </text>
            <g {...(allowed ? handle : { role: 'img', 'aria-label': `Threshold at a score of ${formatScore(shown)}` })} transform={`translate(${position} 0)`} className={allowed ? classes['handle'] : undefined}>
              <rect x={-14} y={-16} width={28} height={height + 16} fill="transparent" />
              <line y1={-8} y2={height} className={classes['line']} />
              {allowed && <rect x={-5} y={height / 2 - 14} width={10} height={28} rx={5} className={classes['grip']} />}
              <text x={labelRight ? 8 : -8} y={-14} textAnchor={labelRight ? 'start' : 'end'} className={classes['label']}>
                {`≥ ${formatScore(shown)}, ${consequence.exact ? '' : 'about '}${formatCount(consequence.anomalies)} flagged`}
              </text>
            </g>
          </g>
        </svg>
      )}
    </div>
  );
}
