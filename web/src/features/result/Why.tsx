import { Text, Title, Tooltip } from '@mantine/core';

import type { ReactNode } from 'react';

import type { Anomaly, Contribution } from '@/api/detections';
import { SeverityLabel } from '@/components/severity';
import { titleOf } from '@/lib/anomalies';
import { formatCell, formatCount, formatP, formatPercent, formatScore } from '@/lib/format';

import classes from './Why.module.css';

const shownParts = 10;

function Bar({ part, largest }: { part: Contribution; largest: number }) {
  const share = largest > 0 ? Math.abs(part.contribution) / largest : 0;
  return (
    <li className={classes['part']}>
      <div className={classes['names']}>
        <span className="data-text">{part.feature}</span>
        <span className="tabular">{part.contribution >= 0 ? formatScore(part.contribution) : `−${formatScore(-part.contribution)}`}</span>
      </div>
      <div className={classes['track']} aria-hidden="true">
        <div className={classes['bar']} data-lowers={part.contribution < 0 || undefined} style={{ width: `${Math.max(share * 100, 1)}%` }} />
      </div>
      <div className={`${classes['values']} data-text`}>
        <strong>{formatCell(part.value)}</strong>
        {part.typical !== null && <> where {formatCell(part.typical)} is typical</>}
        {part.contribution < 0 && <> (speaks for normal)</>}
      </div>
    </li>
  );
}

/** Why one anomaly was flagged, and what would have been normal. */
export function Why({ anomaly, children }: { anomaly: Anomaly; children?: ReactNode }) {
  const { explanation } = anomaly;
  const parts = explanation?.contributions ?? [];
  const largest = Math.max(0, ...parts.map((part) => Math.abs(part.contribution)));
  const normal = Object.entries(explanation?.counterfactual ?? {});
  return (
    <div className={classes['why']}>
      <div>
        <Title order={2} className="tabular">
          {titleOf(anomaly)}
        </Title>
        <div className={classes['facts']}>
          <SeverityLabel severity={anomaly.severity} />
          <span>rank {formatCount(anomaly.rank)}</span>
          {anomaly.time !== null && <span>row {formatCount(anomaly.index)}</span>}
          {anomaly.entity !== null && <span className="data-text">{anomaly.entity}</span>}
        </div>
      </div>
      {children}
      {explanation === null ? (
        <Text size="sm" className="soft">
          No explanation was made for this anomaly.
        </Text>
      ) : (
        <Text className="data-text">{explanation.sentence}</Text>
      )}
      <dl className={classes['figures']}>
        <div>
          <dt>Score</dt>
          <dd>{formatScore(anomaly.score)}</dd>
        </div>
        <div>
          <dt>p-value</dt>
          <dd>{formatP(anomaly.p_value)}</dd>
        </div>
        {anomaly.confidence !== null && (
          <div>
            <dt>
              <Tooltip multiline w={260} label="How likely the row would be judged the same again, had the detector learned from other rows of the same kind.">
                {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the explanation is reached by the keyboard too */}
                <span tabIndex={0} className={classes['explained']}>
                  Confidence
                </span>
              </Tooltip>
            </dt>
            <dd>{formatPercent(anomaly.confidence)}</dd>
          </div>
        )}
      </dl>
      {parts.length > 0 && (
        <div>
          <h3 className={classes['subtitle']}>What made the score</h3>
          <ul className={classes['parts']}>
            {parts.slice(0, shownParts).map((part) => (
              <Bar key={part.feature} part={part} largest={largest} />
            ))}
          </ul>
          {parts.length > shownParts && (
            <Text size="xs" className="soft">
              and {parts.length - shownParts} more that did less
            </Text>
          )}
        </div>
      )}
      {normal.length > 0 && (
        <div>
          <h3 className={classes['subtitle']}>What would have been normal</h3>
          <ul className={classes['normal']}>
            {normal.map(([name, value]) => (
              <li key={name}>
                <span className="data-text">{name}</span>
                <span className="tabular">
                  <s className="soft">{formatCell(anomaly.values[name])}</s> <strong>{formatCell(value)}</strong>
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <details className={classes['details']}>
        <summary>All values of this row</summary>
        <ul className={classes['normal']}>
          {Object.entries(anomaly.values).map(([name, value]) => (
            <li key={name}>
              <span className="data-text">{name}</span>
              <span className="tabular data-text">{formatCell(value)}</span>
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
