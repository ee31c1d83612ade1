/** Options of the two plots of a series: values with the expected band, and scores below on the same time axis. */

import uPlot from 'uplot';

import { inkOf } from '@/features/result/marks';
import { formatNumber } from '@/lib/format';

const axisWidth = 62;

export interface PlotHooks {
  /** The part of the time axis that was brushed. */
  onBrush: (from: number, until: number) => void;
  onCursor: (position: number | null) => void;
  onClick: (plot: uPlot, left: number, top: number) => void;
  onDraw: (plot: uPlot) => void;
}

interface Shape extends PlotHooks {
  width: number;
  height: number;
  syncKey: string;
}

// Per distance of ticks: the label, and what is added where a year, a day or a minute begins.
const timeLabels = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [0.001, ':{ss}.{fff}', '\n{D} {MMM} {YYYY} {HH}:{mm}', null, '\n{D} {MMM} {HH}:{mm}', null, '\n{HH}:{mm}', null, 1],
];

function axes(showTime: boolean): uPlot.Axis[] {
  const shared: uPlot.Axis = {
    stroke: () => inkOf('--ink-soft'),
    grid: { stroke: () => inkOf('--chart-grid'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return [
    { ...shared, space: 76, ...(showTime ? { values: timeLabels } : { size: 8, values: () => [] }) },
    { ...shared, size: axisWidth, space: 40, values: (_, splits) => splits.map((split) => formatNumber(split)) },
  ];
}

function shared({ width, height, syncKey, onBrush, onCursor, onClick, onDraw }: Shape, showTime: boolean): uPlot.Options {
  return {
    width,
    height,
    series: [],
    legend: { show: false },
    // The data's own clock: the viewer's zone would move the days.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    padding: [12, 8, 0, 0],
    axes: axes(showTime),
    cursor: {
      sync: { key: syncKey, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      y: false,
    },
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 6) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onBrush(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'));
        },
      ],
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      draw: [onDraw],
      ready: [
        (plot) => {
          let start = 0;
          plot.over.addEventListener('pointerdown', (event) => {
            start = event.clientX;
          });
          plot.over.addEventListener('click', (event) => {
            if (Math.abs(event.clientX - start) > 5) return;
            const frame = plot.over.getBoundingClientRect();
            onClick(plot, event.clientX - frame.left, event.clientY - frame.top);
          });
        },
      ],
    },
  };
}

export function valuePlot(shape: Shape): uPlot.Options {
  return {
    ...shared(shape, true),
    scales: { x: { time: true, auto: false }, y: { auto: true } },
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: () => inkOf('--chart-expected'), width: 1, dash: [4, 3], points: { show: false } },
      { stroke: () => inkOf('--chart-value'), width: 1.4 },
    ],
    bands: [{ series: [2, 1], fill: () => inkOf('--chart-band') }],
  };
}

export function scorePlot(shape: Shape, scoreRange: (low: number, high: number) => [number, number]): uPlot.Options {
  return {
    ...shared(shape, false),
    scales: { x: { time: true, auto: false }, y: { range: (_, low, high) => scoreRange(low ?? 0, high ?? 1) } },
    series: [{}, { stroke: () => inkOf('--chart-value'), width: 1.1, fill: () => inkOf('--chart-band'), points: { show: false } }],
  };
}
