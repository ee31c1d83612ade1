/** Draws the anomalies onto a uPlot canvas, each by the shape of its severity. */

import type uPlot from 'uplot';

import type { Line, Severity } from '@/api/detections';
import type { ChartData } from '@/features/result/chartData';
import { severities, shapeOf } from '@/lib/severity';

export interface MarkState {
  data: ChartData;
  cutoff: number | null;
  selected: number | null;
  severityOf: (row: number) => Severity;
}

export function inkOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function flagged({ data, cutoff }: MarkState, plot: uPlot): number[] {
  if (cutoff === null) return [];
  const from = plot.scales['x']?.min ?? -Infinity;
  const until = plot.scales['x']?.max ?? Infinity;
  const found: number[] = [];
  data.score.forEach((score, position) => {
    const moment = data.seconds[position] ?? NaN;
    if (score !== null && score >= cutoff && moment >= from && moment <= until) found.push(position);
  });
  return found;
}

function place(plot: uPlot, seconds: number, value: number): [number, number] {
  return [plot.valToPos(seconds, 'x', true), plot.valToPos(value, 'y', true)];
}

export function drawMarks(plot: uPlot, state: MarkState, line: Line, scale: number): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio * scale;
  const positions = flagged(state, plot);
  const bySeverity = new Map<Severity, number[]>();
  for (const position of positions) {
    const severity = state.severityOf(state.data.row[position] ?? -1);
    bySeverity.set(severity, [...(bySeverity.get(severity) ?? []), position]);
  }
  const background = inkOf('--surface-card');
  // The most severe are drawn last, on top.
  for (const severity of severities.toReversed()) {
    const path = new Path2D(shapeOf[severity].path);
    const ink = inkOf(`--severity-${severity}`);
    for (const position of bySeverity.get(severity) ?? []) {
      const value = line[position];
      if (value === null || value === undefined) continue;
      const [x, y] = place(plot, state.data.seconds[position] ?? 0, value);
      ctx.save();
      ctx.translate(x, y);
      ctx.scale(ratio, ratio);
      ctx.lineWidth = 2;
      ctx.fillStyle = shapeOf[severity].filled ? ink : background;
      ctx.strokeStyle = shapeOf[severity].filled ? background : ink;
      ctx.fill(path);
      ctx.stroke(path);
      ctx.restore();
    }
  }
}

export function drawSelection(plot: uPlot, state: MarkState, line: Line): void {
  const position = state.selected === null ? -1 : state.data.row.indexOf(state.selected);
  if (position < 0) return;
  const { ctx, bbox } = plot;
  const seconds = state.data.seconds[position] ?? 0;
  const [x, y] = place(plot, seconds, line[position] ?? 0);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = inkOf('--accent');
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.arc(x, y, 12 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.restore();
}

const reachPx = 16;

/** The row of the anomaly nearest to a place of the plot, or null where none is near. */
export function anomalyAt(plot: uPlot, state: MarkState, line: Line, left: number, top: number): number | null {
  let nearest: number | null = null;
  let distance = reachPx;
  for (const position of flagged(state, plot)) {
    const value = line[position];
    if (value === null || value === undefined) continue;
    const across = plot.valToPos(state.data.seconds[position] ?? 0, 'x') - left;
    const down = plot.valToPos(value, 'y') - top;
    const away = Math.hypot(across, down);
    if (away < distance) {
      distance = away;
      nearest = state.data.row[position] ?? null;
    }
  }
  return nearest;
}
