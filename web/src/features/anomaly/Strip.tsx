import type { Cell, ColumnProfile } from '@/api/datasets';
import { edgesOf, numberOf, placeInWords, shareAlong } from '@/features/anomaly/place';
import { formatCell } from '@/lib/format';

import classes from './Strip.module.css';

interface Props {
  column: ColumnProfile;
  nRows: number;
  value: Cell;
  typical: Cell;
}

function Bars({ counts }: { counts: number[] }) {
  const highest = Math.max(1, ...counts);
  return (
    <div className={classes['bars']}>
      {counts.map((count, position) => (
        // The square root lets a single row be seen beside thousands.
        // oxlint-disable-next-line react/no-array-index-key -- a bar of a histogram has no other name, and never moves
        <i key={position} style={{ height: count === 0 ? 0 : `${Math.max(Math.sqrt(count / highest) * 100, 8)}%` }} />
      ))}
    </div>
  );
}

function Numbers({ edges, counts, ends, value, typical }: { edges: number[]; counts: number[]; ends: Cell[]; value: number; typical: number | null }) {
  return (
    <div aria-hidden="true">
      <div className={classes['plot']}>
        <Bars counts={counts} />
        {typical !== null && <span className={classes['typical']} style={{ left: `${shareAlong(edges, typical) * 100}%` }} />}
        <span className={classes['value']} style={{ left: `${shareAlong(edges, value) * 100}%` }} />
      </div>
      <div className={`${classes['ends']} tabular`}>
        <span>{formatCell(ends[0])}</span>
        <span>{formatCell(ends[1])}</span>
      </div>
    </div>
  );
}

const shownWords = 3;

function Words({ column, nRows, value }: { column: ColumnProfile; nRows: number; value: Cell }) {
  const first = column.most_frequent.slice(0, shownWords);
  const own = first.some(([name]) => String(name) === String(value)) ? [] : column.most_frequent.filter(([name]) => String(name) === String(value));
  const highest = Math.max(1, ...column.most_frequent.map(([, count]) => count));
  return (
    <div className={classes['words']} aria-hidden="true">
      {[...first, ...own].map(([name, count]) => (
        <div key={String(name)} className={classes['word']} data-own={String(name) === String(value) || undefined}>
          <span className={classes['name']}>{formatCell(name)}</span>
          <span className={classes['track']}>
            <i style={{ width: `${Math.max((count / highest) * 100, 1)}%` }} />
          </span>
          <span className="tabular">{Math.round((count / Math.max(nRows, 1)) * 100)} %</span>
        </div>
      ))}
    </div>
  );
}

/** Where a value lies among all values of its column: drawn, and told in words. */
export function Strip({ column, nRows, value, typical }: Props) {
  const edges = edgesOf(column);
  const number = numberOf(value);
  const words = placeInWords(column, nRows, value);
  return (
    <div className={classes['strip']}>
      {edges !== null && number !== null ? (
        <Numbers edges={edges} counts={column.histogram?.counts ?? []} ends={[column.minimum, column.maximum]} value={number} typical={numberOf(typical)} />
      ) : (
        <Words column={column} nRows={nRows} value={value} />
      )}
      {words !== '' && <p className={classes['place']}>{words}</p>}
    </div>
  );
}
