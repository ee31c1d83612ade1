import { Title } from '@mantine/core';

import type { Lane } from '@/api/overview';
import { SeverityMark } from '@/components/severity';
import { TextLink } from '@/components/TextLink';
import { inOrder } from '@/features/overview/lanes';
import { LaneStrip } from '@/features/overview/LaneStrip';
import { formatCount } from '@/lib/format';
import { severities } from '@/lib/severity';

import classes from './Lanes.module.css';

function Review({ lane }: { lane: Lane }) {
  if (lane.n_anomalies === 0) return <span className="soft">nothing flagged</span>;
  return (
    <>
      {lane.worst_severity !== null && (
        <span className={classes['worst']}>
          <SeverityMark severity={lane.worst_severity} /> worst {lane.worst_severity}
        </span>
      )}
      <span className={lane.n_unreviewed > 0 ? classes['open'] : 'soft'}>
        {lane.n_unreviewed === 0 ? `all ${formatCount(lane.n_anomalies)} reviewed` : `${formatCount(lane.n_unreviewed)} of ${formatCount(lane.n_anomalies)} to review`}
      </span>
    </>
  );
}

/** One lane for each dataset: what its newest detection found, over its time. */
export function Lanes({ lanes }: { lanes: Lane[] }) {
  return (
    <section aria-labelledby="lanes-title" className={classes['card']}>
      <div className={classes['head']}>
        <Title order={2} id="lanes-title">
          Newest result of each dataset
        </Title>
        <ul className={classes['legend']} aria-label="Severities">
          {severities.map((severity) => (
            <li key={severity}>
              <SeverityMark severity={severity} /> {severity}
            </li>
          ))}
        </ul>
      </div>
      <ul className={classes['lanes']}>
        {inOrder(lanes).map((lane) => (
          <li key={lane.detection_id} className={classes['lane']}>
            <div className={classes['name']}>
              <TextLink to="/detections/$id" params={{ id: lane.detection_id }} search={{}} className="data-text" fw={600}>
                {lane.dataset.name}
              </TextLink>
              <div className={classes['review']}>
                <Review lane={lane} />
              </div>
            </div>
            <div className={classes['time']}>
              {lane.buckets.length > 0 ? (
                <LaneStrip lane={lane} />
              ) : (
                <span className={classes['none']}>{lane.dataset.kind === 'series' ? 'No time to show' : 'A table: its rows have no order in time'}</span>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
