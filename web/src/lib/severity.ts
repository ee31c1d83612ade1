import type { Severity } from '@/api/detections';

export const severities: Severity[] = ['critical', 'high', 'medium', 'low'];

interface Shape {
  /** An SVG path around the origin, about 16 units wide. */
  path: string;
  filled: boolean;
}

export const shapeOf: Record<Severity, Shape> = {
  low: { path: 'M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z', filled: false },
  medium: { path: 'M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0Z', filled: true },
  high: { path: 'M0-7 7 5.5H-7Z', filled: true },
  critical: { path: 'M0-8 8 0 0 8-8 0Z', filled: true },
};

export function worst(counts: Record<Severity, number>): Severity | null {
  return severities.find((severity) => counts[severity] > 0) ?? null;
}
