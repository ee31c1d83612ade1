/** The two plots of a series as one thing: values above, scores below, on one time axis. */

import uPlot from 'uplot';

import { type ChartData, type Range, scorePlotData, valuePlotData } from '@/features/result/chartData';
import { anomalyAt, drawMarks, drawSelection, type MarkState } from '@/features/result/marks';
import { scorePlot, valuePlot } from '@/features/result/plots';

const valueMarkScale = 0.8;
const scoreMarkScale = 0.62;
const heights = { wide: { value: 300, score: 128 }, narrow: { value: 220, score: 110 } };
const narrowBelowPx = 640;

/** What the plots show and whom they tell; replaced as a whole whenever something changes. */
export interface PlotState extends MarkState {
  data: ChartData;
  range: Range;
  /** Where the threshold's line is drawn. */
  line: number;
  dragging: boolean;
  onRange: (range: Range) => void;
  onSelect: (row: number) => void;
  onCursor: (position: number | null) => void;
}

export interface Hosts {
  value: HTMLElement;
  score: HTMLElement;
  line: HTMLElement;
}

export class PlotPair {
  private readonly value: uPlot;
  private readonly score: uPlot;
  private readonly hosts: Hosts;
  private state: PlotState;
  private scoreTop = 1;

  constructor(hosts: Hosts, width: number, syncKey: string, state: PlotState) {
    this.hosts = hosts;
    this.state = state;
    const size = width < narrowBelowPx ? heights.narrow : heights.wide;
    const shared = {
      width,
      syncKey,
      onBrush: (from: number, until: number) => this.state.onRange({ from, until }),
      onCursor: (position: number | null) => this.state.onCursor(position),
    };
    this.value = new uPlot(
      valuePlot({
        ...shared,
        height: size.value,
        onClick: (plot, left, top) => this.select(plot, 'value', left, top),
        onDraw: (plot) => {
          drawMarks(plot, this.state, this.state.data.value, valueMarkScale);
          drawSelection(plot, this.state, this.state.data.value);
        },
      }),
      valuePlotData(state.data),
      hosts.value,
    );
    this.score = new uPlot(
      scorePlot(
        {
          ...shared,
          height: size.score,
          onClick: (plot, left, top) => this.select(plot, 'score', left, top),
          onDraw: (plot) => {
            drawMarks(plot, this.state, this.state.data.score, scoreMarkScale);
            this.placeLine(plot);
          },
        },
        (low, high) => this.scoreRange(low, high),
      ),
      scorePlotData(state.data),
      hosts.score,
    );
    this.showRange();
  }

  update(next: PlotState): void {
    const before = this.state;
    this.state = next;
    const moved = before.data !== next.data || before.range.from !== next.range.from || before.range.until !== next.range.until;
    if (before.data !== next.data) {
      this.value.setData(valuePlotData(next.data), false);
      this.score.setData(scorePlotData(next.data), false);
    }
    if (moved) this.showRange();
    else this.redraw();
  }

  redraw(): void {
    this.value.redraw(false, true);
    this.score.redraw(false, true);
    if (!this.state.dragging) this.showRange();
  }

  scoreAt(clientY: number): number {
    return this.score.posToVal(clientY - this.score.over.getBoundingClientRect().top, 'y');
  }

  destroy(): void {
    this.value.destroy();
    this.score.destroy();
  }

  private showRange(): void {
    const limits = { min: this.state.range.from, max: this.state.range.until };
    this.value.setScale('x', limits);
    this.score.setScale('x', limits);
  }

  private select(plot: uPlot, of: 'value' | 'score', left: number, top: number): void {
    const row = anomalyAt(plot, this.state, this.state.data[of], left, top);
    if (row !== null) this.state.onSelect(row);
  }

  private scoreRange(low: number, high: number): [number, number] {
    // While the handle is held the scale keeps still under it.
    if (!this.state.dragging) this.scoreTop = Math.max(high, this.state.line) * 1.1;
    return [Math.min(low, 0), this.scoreTop];
  }

  private placeLine(plot: uPlot): void {
    const { line } = this.hosts;
    line.style.top = `${plot.over.offsetTop + plot.valToPos(this.state.line, 'y')}px`;
    line.style.left = `${plot.over.offsetLeft}px`;
    line.style.width = `${plot.over.clientWidth}px`;
  }
}
