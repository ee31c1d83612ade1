import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react';

import type { Curve } from '@/api/detections';
import type { ThresholdControl } from '@/features/result/useThreshold';
import { clamp, consequenceOf, noneCutoff, stepCutoff } from '@/lib/curve';
import { formatP, formatScore, plural } from '@/lib/format';

const savePauseMs = 600;
const pageSteps = 10;

interface Options {
  curve: Curve;
  control: ThresholdControl;
  label: string;
  orientation: 'horizontal' | 'vertical';
  /** The score under a pointer. */
  scoreAt: (event: PointerEvent) => number;
}

function stepsOf(key: string): number | null {
  const known: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: pageSteps, PageDown: -pageSteps };
  return known[key] ?? null;
}

/** Makes an element the threshold's handle: a slider for the pointer, the keyboard and the screen reader. */
export function useHandle({ curve, control, label, orientation, scoreAt }: Options) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const highest = noneCutoff(curve);
  const lowest = curve.score.at(-1) ?? 0;
  const cutoff = control.cutoff ?? highest;
  const shown = clamp(cutoff, lowest, highest);
  const consequence = consequenceOf(curve, shown);

  const byKey = (event: KeyboardEvent) => {
    const steps = stepsOf(event.key);
    const target = event.key === 'Home' ? lowest : event.key === 'End' ? highest : steps === null ? null : stepCutoff(curve, shown, steps);
    if (target === null) return;
    event.preventDefault();
    event.stopPropagation();
    control.drag(target);
    clearTimeout(timer.current);
    // Several presses in a row are one change.
    timer.current = setTimeout(() => control.release(target), savePauseMs);
  };
  const place = (event: PointerEvent) => clamp(scoreAt(event), lowest, highest);
  return {
    shown,
    consequence,
    handle: {
      role: 'slider',
      tabIndex: 0,
      'aria-label': label,
      'aria-orientation': orientation,
      'aria-valuemin': lowest,
      'aria-valuemax': highest,
      'aria-valuenow': shown,
      'aria-valuetext': `Score ${formatScore(shown)}: ${plural(consequence.anomalies, 'anomaly', 'anomalies')}, p-value ${formatP(consequence.pValue)}`,
      onKeyDown: byKey,
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        (event.currentTarget as HTMLElement | SVGElement).focus();
      },
      onPointerMove: (event: PointerEvent) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) control.drag(place(event));
      },
      onPointerUp: (event: PointerEvent) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        event.currentTarget.releasePointerCapture(event.pointerId);
        if (control.dragging) control.release(place(event));
      },
    } as const,
  };
}
