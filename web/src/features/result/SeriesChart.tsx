import 'uplot/dist/uPlot.min.css';

import { useElementSize } from '@mantine/hooks';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';

import type { Curve, Severity } from '@/api/detections';
import type { ChartData, Range } from '@/features/result/chartData';
import { PlotPair, type PlotState } from '@/features/result/plotPair';
import { Readout } from '@/features/result/Readout';
import { useHandle } from '@/features/result/useHandle';
import type { ThresholdControl } from '@/features/result/useThreshold';
import { formatScore } from '@/lib/format';

import classes from './SeriesChart.module.css';

interface Props {
  data: ChartData;
  column: string;
  range: Range;
  curve: Curve;
  control: ThresholdControl;
  /** Whether the reader's role may move the line. */
  allowed: boolean;
  selected: number | null;
  severityOf: (row: number) => Severity;
  onRange: (range: Range) => void;
  onSelect: (row: number) => void;
}

/** Values and scores over time. React keeps the state; the plots only show it. */
export function SeriesChart({ data, column, range, curve, control, allowed, selected, severityOf, onRange, onSelect }: Props) {
  const { ref: frame, width } = useElementSize();
  const syncKey = useId();
  const valueHost = useRef<HTMLDivElement>(null);
  const scoreHost = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const pair = useRef<PlotPair | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);

  const { shown, handle } = useHandle({
    curve,
    control,
    label: 'Threshold on the score panel',
    orientation: 'vertical',
    scoreAt: (event) => pair.current?.scoreAt(event.clientY) ?? 0,
  });
  const { cutoff, dragging } = control;
  const state = useMemo<PlotState>(
    () => ({ data, range, cutoff, line: shown, dragging, selected, severityOf, onRange, onSelect, onCursor: setCursor }),
    [data, range, cutoff, shown, dragging, selected, severityOf, onRange, onSelect],
  );
  const latest = useRef(state);
  useLayoutEffect(() => {
    latest.current = state;
    pair.current?.update(state);
  }, [state]);

  useEffect(() => {
    if (width === 0 || valueHost.current === null || scoreHost.current === null || line.current === null) return;
    const hosts = { value: valueHost.current, score: scoreHost.current, line: line.current };
    const made = new PlotPair(hosts, width, syncKey, latest.current);
    pair.current = made;
    return () => {
      made.destroy();
      pair.current = null;
    };
  }, [width, syncKey]);

  return (
    <div>
      <Readout data={data} column={column} position={cursor} />
      <div ref={frame} className={classes['plots']}>
        <div ref={valueHost} className={classes['value']} />
        <div className={classes['caption']}>anomaly score</div>
        <div className={classes['score']}>
          <div ref={scoreHost} />
          <div ref={line} className={classes['line']} data-fixed={!allowed || undefined} {...(allowed ? handle : {})}>
            {allowed && <span className={classes['grip']} aria-hidden="true" />}
            <span className={classes['label']}>threshold {formatScore(shown)}</span>
          </div>
        </div>
      </div>
    </div>
  );
}
