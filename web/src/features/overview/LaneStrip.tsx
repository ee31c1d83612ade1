import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type PointerEvent, useState } from 'react';

import type { Lane } from '@/api/overview';
import { nextFlagged, rangeAround, wordsOf, worstBucket } from '@/features/overview/lanes';
import { formatDataTimeShort } from '@/lib/format';

import classes from './LaneStrip.module.css';

/** The time of one dataset: each part with anomalies is a bar, higher and stronger the worse they are. */
export function LaneStrip({ lane }: { lane: Lane }) {
  const { buckets } = lane;
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(() => worstBucket(buckets));
  const [shown, setShown] = useState(false);
  const bucket = buckets[Math.min(chosen, buckets.length - 1)];
  if (bucket === undefined) return null;

  const open = (index: number) => {
    const target = buckets[index];
    if (target !== undefined) void navigate({ to: '/detections/$id', params: { id: lane.detection_id }, search: rangeAround(target) });
  };
  const at = (event: PointerEvent | React.MouseEvent) => {
    const frame = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - frame.left) / frame.width) * buckets.length);
    return Math.min(Math.max(place, 0), buckets.length - 1);
  };
  const byKey = (event: KeyboardEvent) => {
    const moved: Record<string, number> = {
      ArrowRight: nextFlagged(buckets, chosen, 1),
      ArrowLeft: nextFlagged(buckets, chosen, -1),
      Home: nextFlagged(buckets, -1, 1),
      End: nextFlagged(buckets, buckets.length, -1),
    };
    const next = moved[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setChosen(Math.min(Math.max(next, 0), buckets.length - 1));
    }
    if (event.key === 'Enter') open(chosen);
  };
  return (
    <div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={`Time of ${lane.dataset.name}; arrow keys go from one flagged part to the next, Enter opens it`}
        aria-valuemin={0}
        aria-valuemax={buckets.length - 1}
        aria-valuenow={chosen}
        aria-valuetext={wordsOf(bucket)}
        className={classes['strip']}
        style={{ gridTemplateColumns: `repeat(${buckets.length}, 1fr)` }}
        onKeyDown={byKey}
        onFocus={() => setShown(true)}
        onBlur={() => setShown(false)}
        onPointerMove={(event) => {
          setChosen(at(event));
          setShown(true);
        }}
        onPointerLeave={() => setShown(false)}
        onClick={(event) => open(at(event))}
      >
        {buckets.map((part, index) => (
          <span key={part.start} className={classes['part']} data-chosen={(shown && index === chosen) || undefined}>
            {part.severity !== null && <span className={classes['bar']} data-severity={part.severity} />}
          </span>
        ))}
      </div>
      <div className={classes['axis']}>
        {shown ? (
          <span className={classes['said']}>{wordsOf(bucket)}</span>
        ) : (
          <>
            <span>{lane.start === null ? '' : formatDataTimeShort(lane.start)}</span>
            <span>{lane.end === null ? '' : formatDataTimeShort(lane.end)}</span>
          </>
        )}
      </div>
    </div>
  );
}
