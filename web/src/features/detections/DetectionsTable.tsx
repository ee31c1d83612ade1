import { ActionIcon, Button, Tooltip, VisuallyHidden } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { cancelDetection, type Detection } from '@/api/detections';
import { TrashIcon } from '@/components/icons';
import { TextLink } from '@/components/TextLink';
import listing from '@/components/listing.module.css';
import { RelativeTime } from '@/components/RelativeTime';
import { SeverityMark } from '@/components/severity';
import { isActive, keepAnswer } from '@/features/detections/queries';
import { StatusLabel } from '@/features/detections/StatusLabel';
import { useMay } from '@/features/session/permissions';
import { algorithmLabel, dash, formatCount } from '@/lib/format';
import { severities } from '@/lib/severity';

import classes from './DetectionsTable.module.css';

function SeverityCounts({ detection }: { detection: Detection }) {
  const counts = detection.summary?.severities;
  if (counts === undefined) return <span className="soft">{dash}</span>;
  const present = severities.filter((severity) => counts[severity] > 0);
  if (present.length === 0) return <span className="soft">none</span>;
  return (
    <span className={classes['counts']}>
      {present.map((severity) => (
        <span key={severity} className={classes['count']} title={`${counts[severity]} ${severity}`}>
          <SeverityMark severity={severity} />
          <span className="tabular">{formatCount(counts[severity])}</span>
          <span className={classes['word']}>{severity}</span>
        </span>
      ))}
    </span>
  );
}

/** Whether somebody gave it a name that says more than its dataset and algorithm do. */
function isNamed({ name, dataset, algorithm }: Detection): boolean {
  return name !== dataset.name && name !== `${dataset.name} · ${algorithm}`;
}

function Cancel({ detection }: { detection: Detection }) {
  const client = useQueryClient();
  const cancel = useMutation({ mutationFn: () => cancelDetection(detection.id), onSuccess: (changed) => keepAnswer(client, changed) });
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={cancel.isPending}
      aria-label={`Cancel the detection in ${detection.dataset.name}`}
      onClick={() => cancel.mutate()}
    >
      {cancel.isError ? 'Try again' : 'Cancel'}
    </Button>
  );
}

function Delete({ detection, onDelete }: { detection: Detection; onDelete: (detection: Detection) => void }) {
  return (
    <Tooltip label="Delete">
      <ActionIcon variant="subtle" color="gray" aria-label={`Delete the detection in ${detection.dataset.name}`} onClick={() => onDelete(detection)}>
        <TrashIcon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

interface Props {
  detections: Detection[];
  /** Asks before a detection is deleted; without it the table offers nothing to do. */
  onDelete?: ((detection: Detection) => void) | undefined;
}

export function DetectionsTable({ detections, onDelete }: Props) {
  const mayChange = useMay('detections.write') && onDelete !== undefined;
  return (
    <table className={listing['table']}>
      <thead>
        <tr>
          <th scope="col">Detection</th>
          <th scope="col">Algorithm</th>
          <th scope="col">Status</th>
          <th scope="col" className={listing['right']}>
            Anomalies
          </th>
          <th scope="col">Severity</th>
          <th scope="col" className={listing['right']}>
            Started
          </th>
          {mayChange && (
            <th scope="col">
              <VisuallyHidden>Action</VisuallyHidden>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {detections.map((detection) => (
          <tr key={detection.id}>
            <td className={listing['wide']}>
              <TextLink to="/detections/$id" params={{ id: detection.id }} className={`${listing['main']} data-text`}>
                {detection.dataset.name}
              </TextLink>
              {isNamed(detection) && <div className={`${listing['below']} data-text`}>{detection.name}</div>}
            </td>
            <td data-label="Algorithm">
              {algorithmLabel(detection.algorithm)}
              {detection.model !== null && detection.model !== undefined && (
                <div className={listing['below']}>
                  <span className="data-text">{detection.model.name}</span>, version {detection.model.version}
                </div>
              )}
            </td>
            <td data-label="Status">
              <StatusLabel detection={detection} />
            </td>
            <td data-label="Anomalies" className={listing['right']}>
              {detection.summary === null ? dash : formatCount(detection.summary.n_anomalies)}
            </td>
            <td data-label="Severity" className={listing['wide']}>
              <SeverityCounts detection={detection} />
            </td>
            <td data-label="Started" className={`${listing['right']} soft`}>
              <RelativeTime iso={detection.created_at} />
            </td>
            {mayChange && (
              <td className={listing['right']}>{isActive(detection) ? <Cancel detection={detection} /> : <Delete detection={detection} onDelete={onDelete} />}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
