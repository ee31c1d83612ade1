/** Saves what canvases show as a picture. */

import { saveBlob } from '@/api/transfer';
import { inkOf } from '@/features/result/marks';

const margin = 24;
const titleHeight = 40;

/** Draws the canvases inside of an element, one below the other, under a title. */
export function savePicture(frame: HTMLElement | null, title: string): void {
  const plots = [...(frame?.querySelectorAll('canvas') ?? [])];
  if (plots.length === 0) return;
  const ratio = devicePixelRatio;
  const target = document.createElement('canvas');
  target.width = Math.max(...plots.map((plot) => plot.width)) + 2 * margin * ratio;
  target.height = plots.reduce((sum, plot) => sum + plot.height, 0) + (titleHeight + 2 * margin) * ratio;
  const ink = target.getContext('2d');
  if (ink === null) return;
  ink.fillStyle = inkOf('--surface-card');
  ink.fillRect(0, 0, target.width, target.height);
  ink.fillStyle = inkOf('--ink');
  ink.font = `600 ${16 * ratio}px system-ui, sans-serif`;
  ink.textBaseline = 'top';
  ink.fillText(title, margin * ratio, margin * ratio);
  let top = (margin + titleHeight) * ratio;
  for (const plot of plots) {
    ink.drawImage(plot, margin * ratio, top);
    top += plot.height;
  }
  target.toBlob((picture) => {
    if (picture !== null) saveBlob(picture, `${fileNameOf(title)}.png`);
  });
}

/** A file's name that every system takes. */
export function fileNameOf(title: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what file systems refuse
  const safe = title.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, ' ').trim();
  return safe === '' ? 'chart' : safe.slice(0, 120);
}
