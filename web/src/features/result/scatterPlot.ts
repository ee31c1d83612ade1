/** Draws two columns against each other: normal rows as dots, anomalies by the shape of their severity. */

import type { Scatter, Severity } from '@/api/detections';
import { inkOf } from '@/features/result/marks';
import { formatNumber } from '@/lib/format';
import { linearScale, type Scale, ticks } from '@/lib/histogram';
import { severities, shapeOf } from '@/lib/severity';

const margin = { left: 58, right: 16, top: 12, bottom: 34 };
const markScale = 0.75;
const reachPx = 14;

export interface ScatterState {
  data: Scatter;
  selected: number | null;
  severityOf: (row: number) => Severity;
}

interface Frame {
  x: Scale;
  y: Scale;
  width: number;
  height: number;
}

function rangeOf(values: (number | null)[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const pad = (high - low || Math.abs(high) || 1) * 0.04;
  return [low - pad, high + pad];
}

export function frameOf(data: Scatter, width: number, height: number): Frame {
  const inner = { width: Math.max(width - margin.left - margin.right, 20), height: Math.max(height - margin.top - margin.bottom, 20) };
  const across = linearScale(...rangeOf(data.x.values), inner.width);
  const up = linearScale(...rangeOf(data.y.values), inner.height);
  return {
    x: { toPosition: (value) => margin.left + across.toPosition(value), toValue: (position) => across.toValue(position - margin.left) },
    y: {
      toPosition: (value) => margin.top + inner.height - up.toPosition(value),
      toValue: (position) => up.toValue(margin.top + inner.height - position),
    },
    width,
    height,
  };
}

function drawAxes(ink: CanvasRenderingContext2D, frame: Frame): void {
  const { x, y, width, height } = frame;
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  ink.strokeStyle = inkOf('--chart-grid');
  ink.fillStyle = inkOf('--ink-soft');
  ink.lineWidth = 1;
  ink.font = '11px system-ui, sans-serif';
  ink.textAlign = 'center';
  for (const value of ticks(x.toValue(left), x.toValue(right), (right - left) / 90)) {
    const place = x.toPosition(value);
    ink.beginPath();
    ink.moveTo(place, top);
    ink.lineTo(place, bottom);
    ink.stroke();
    ink.fillText(formatNumber(value), place, bottom + 16);
  }
  ink.textAlign = 'right';
  ink.textBaseline = 'middle';
  for (const value of ticks(y.toValue(bottom), y.toValue(top), (bottom - top) / 55)) {
    const place = y.toPosition(value);
    ink.beginPath();
    ink.moveTo(left, place);
    ink.lineTo(right, place);
    ink.stroke();
    ink.fillText(formatNumber(value), left - 8, place);
  }
}

function drawNormal(ink: CanvasRenderingContext2D, { data }: ScatterState, frame: Frame): void {
  ink.fillStyle = inkOf('--chart-bar');
  ink.globalAlpha = 0.75;
  data.index.forEach((_, place) => {
    const [x, y] = [data.x.values[place], data.y.values[place]];
    if (data.prediction[place] === 1 || typeof x !== 'number' || typeof y !== 'number') return;
    ink.beginPath();
    ink.arc(frame.x.toPosition(x), frame.y.toPosition(y), 2.2, 0, 2 * Math.PI);
    ink.fill();
  });
  ink.globalAlpha = 1;
}

function drawFlagged(ink: CanvasRenderingContext2D, { data, severityOf, selected }: ScatterState, frame: Frame): void {
  const background = inkOf('--surface-card');
  // The most severe are drawn last, on top.
  for (const severity of severities.toReversed()) {
    const shape = shapeOf[severity];
    const path = new Path2D(shape.path);
    const colour = inkOf(`--severity-${severity}`);
    data.index.forEach((row, place) => {
      const [x, y] = [data.x.values[place], data.y.values[place]];
      if (data.prediction[place] !== 1 || typeof x !== 'number' || typeof y !== 'number' || severityOf(row) !== severity) return;
      ink.save();
      ink.translate(frame.x.toPosition(x), frame.y.toPosition(y));
      if (row === selected) {
        ink.strokeStyle = inkOf('--accent');
        ink.lineWidth = 2;
        ink.beginPath();
        ink.arc(0, 0, 11, 0, 2 * Math.PI);
        ink.stroke();
      }
      ink.scale(markScale, markScale);
      ink.lineWidth = 2;
      ink.fillStyle = shape.filled ? colour : background;
      ink.strokeStyle = shape.filled ? background : colour;
      ink.fill(path);
      ink.stroke(path);
      ink.restore();
    });
  }
}

export function drawScatter(canvas: HTMLCanvasElement, state: ScatterState, frame: Frame): void {
  const ink = canvas.getContext('2d');
  if (ink === null) return;
  canvas.width = frame.width * devicePixelRatio;
  canvas.height = frame.height * devicePixelRatio;
  ink.scale(devicePixelRatio, devicePixelRatio);
  ink.textBaseline = 'alphabetic';
  drawAxes(ink, frame);
  drawNormal(ink, state, frame);
  drawFlagged(ink, state, frame);
  ink.fillStyle = inkOf('--ink-soft');
  ink.textAlign = 'center';
  ink.textBaseline = 'alphabetic';
  ink.fillText(state.data.x.name, margin.left + (frame.width - margin.left - margin.right) / 2, frame.height - 4);
}

/** The anomaly nearest to a place, or null where none is near. */
export function flaggedAt(data: Scatter, frame: Frame, left: number, top: number): number | null {
  let nearest: number | null = null;
  let distance = reachPx;
  data.index.forEach((row, place) => {
    const [x, y] = [data.x.values[place], data.y.values[place]];
    if (data.prediction[place] !== 1 || typeof x !== 'number' || typeof y !== 'number') return;
    const away = Math.hypot(frame.x.toPosition(x) - left, frame.y.toPosition(y) - top);
    if (away < distance) {
      distance = away;
      nearest = row;
    }
  });
  return nearest;
}
