import { Select } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type PointerEvent, useMemo, useState } from 'react';

import type { JudgedRow } from '@/api/anomalies';
import type { Line, Series } from '@/api/detections';
import { bandPath, flaggedIn, linePath, nearest, timeTicks, valueRange } from '@/features/anomaly/windowData';
import { chartData, columnsOf } from '@/features/result/chartData';
import { dash, formatDataTime, formatDataTimeShort, formatNumber } from '@/lib/format';
import { linearScale, type Scale, ticks } from '@/lib/histogram';
import { shapeOf } from '@/lib/severity';

import classes from './WindowChart.module.css';

const margin = { left: 58, right: 14, top: 14, bottom: 26 };
const heights = { wide: 260, narrow: 190 };
const narrowBelowPx = 560;

interface Props {
  window: Series;
  row: JudgedRow;
  /** The column that did most to the score. */
  leading: string | undefined;
  onOpen: (row: number) => void;
}

function inWords(row: JudgedRow, position: number, data: ReturnType<typeof chartData>, column: string): string {
  const number = (line: Line) => formatNumber(line[position] ?? null);
  const expected = number(data.expected) === dash ? '' : ` Expected was ${number(data.expected)}, the normal range ${number(data.lower)} to ${number(data.upper)}.`;
  return `${column} is ${number(data.value)}${row.time === null ? '' : ` at ${formatDataTime(row.time)}`}.${expected}`;
}

function Readout({ data, position }: { data: ReturnType<typeof chartData>; position: number }) {
  const number = (line: Line) => formatNumber(line[position] ?? null);
  return (
    <div className={`${classes['readout']} tabular`} aria-hidden="true">
      <span>{formatDataTimeShort(new Date((data.seconds[position] ?? 0) * 1000).toISOString())}</span>
      <span>
        measured <strong>{number(data.value)}</strong>
      </span>
      <span>
        expected <strong>{number(data.expected)}</strong>
      </span>
      <span>
        normal{' '}
        <strong>
          {number(data.lower)} to {number(data.upper)}
        </strong>
      </span>
    </div>
  );
}

/** The value among the rows around it, with what was expected of them. */
export function WindowChart({ window, row, leading, onOpen }: Props) {
  const columns = columnsOf(window);
  const [wanted, setWanted] = useState<string | null>(null);
  const column = columns.find((name) => name === (wanted ?? leading)) ?? columns[0] ?? '';
  const { ref, width } = useElementSize();
  const [cursor, setCursor] = useState<number | null>(null);
  const data = useMemo(() => chartData(window, column), [window, column]);
  const height = width < narrowBelowPx ? heights.narrow : heights.wide;
  const inner = { width: Math.max(width - margin.left - margin.right, 40), height: height - margin.top - margin.bottom };
  const from = data.seconds[0] ?? 0;
  const until = data.seconds.at(-1) ?? 1;
  const { low, high } = useMemo(() => valueRange([data.value, data.expected, data.lower, data.upper]), [data]);
  const x = linearScale(from, until, inner.width);
  const upright = linearScale(low, high, inner.height);
  const y: Scale = { toPosition: (value) => inner.height - upright.toPosition(value), toValue: (place) => upright.toValue(inner.height - place) };
  const position = window.index.indexOf(row.index);
  const shown = cursor ?? position;
  const placed = y.toPosition(data.value[position] ?? low);
  const placeOf = (index: number) => `translate(${x.toPosition(data.seconds[index] ?? 0)} ${y.toPosition(data.value[index] ?? low)})`;
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left - margin.left;
    setCursor(nearest(data.seconds, x.toValue(left)));
  };
  const shape = shapeOf[row.severity ?? 'low'];
  return (
    <figure className={classes['figure']} aria-label={`The rows around it. ${inWords(row, position, data, column)}`}>
      <div className={classes['head']}>
        {columns.length > 1 && (
          <Select size="xs" aria-label="Column shown" data={columns} value={column} allowDeselect={false} onChange={setWanted} />
        )}
        {shown >= 0 && <Readout data={data} position={shown} />}
      </div>
      <div ref={ref} className={classes['frame']}>
        {width > 0 && (
          <svg width={width} height={height} onPointerMove={move} onPointerLeave={() => setCursor(null)} className={classes['plot']}>
            <g transform={`translate(${margin.left} ${margin.top})`}>
              {ticks(low, high, inner.height / 48).map((value) => (
                <g key={value} transform={`translate(0 ${y.toPosition(value)})`} aria-hidden="true">
                  <line x2={inner.width} className={classes['grid']} />
                  <text x={-8} dy="0.32em" textAnchor="end">
                    {formatNumber(value)}
                  </text>
                </g>
              ))}
              {timeTicks(from, until, inner.width / 100).map((tick) => (
                <g key={tick.seconds} transform={`translate(${x.toPosition(tick.seconds)} 0)`} aria-hidden="true">
                  <line y2={inner.height} className={classes['grid']} />
                  <text y={inner.height + 18} textAnchor="middle">
                    {tick.label}
                  </text>
                </g>
              ))}
              <path d={bandPath(data.seconds, data.lower, data.upper, x, y)} className={classes['band']} />
              <path d={linePath(data.seconds, data.expected, x, y)} className={classes['expected']} />
              <path d={linePath(data.seconds, data.value, x, y)} className={classes['value']} />
              {cursor !== null && <line x1={x.toPosition(data.seconds[cursor] ?? 0)} x2={x.toPosition(data.seconds[cursor] ?? 0)} y2={inner.height} className={classes['cursor']} />}
              {flaggedIn(window)
                .filter((index) => index !== position && data.value[index] !== null)
                .map((index) => (
                  <circle key={index} r="4.5" transform={placeOf(index)} className={classes['other']} onClick={() => onOpen(window.index[index] ?? 0)}>
                    <title>Another anomaly, row {window.index[index]}</title>
                  </circle>
                ))}
              {position >= 0 && (
                <g transform={placeOf(position)}>
                  <line y1={-placed} y2={inner.height - placed} className={classes['here']} />
                  <circle r="13" className={classes['ring']} />
                  {row.severity !== null && (
                    <path d={shape.path} fill={shape.filled ? `var(--severity-${row.severity})` : 'var(--surface-card)'} stroke={`var(--severity-${row.severity})`} strokeWidth="2" />
                  )}
                </g>
              )}
            </g>
          </svg>
        )}
      </div>
      <figcaption className={classes['legend']}>
        <span>
          <i className={classes['valueKey']} aria-hidden="true" /> measured
        </span>
        <span>
          <i className={classes['expectedKey']} aria-hidden="true" /> expected
        </span>
        <span>
          <i className={classes['bandKey']} aria-hidden="true" /> normal range
        </span>
        <span>
          <i className={classes['otherKey']} aria-hidden="true" /> another anomaly
        </span>
        <span>times in UTC</span>
      </figcaption>
    </figure>
  );
}
