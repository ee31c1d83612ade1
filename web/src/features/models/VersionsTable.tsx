import { Link } from '@tanstack/react-router';

import type { ModelVersion } from '@/api/models';
import listing from '@/components/listing.module.css';
import { RelativeTime } from '@/components/RelativeTime';
import { StatusLabel } from '@/features/detections/StatusLabel';
import { StageLabel } from '@/features/models/StageLabel';
import { algorithmLabel, dash, formatCount, formatPercent } from '@/lib/format';

import classes from './Version.module.css';

/** The share of its training data that a version flags: the quickest way to see one that learned nonsense. */
export function flagged({ summary }: ModelVersion): string {
  if (summary === null) return dash;
  return `${formatCount(summary.n_anomalies)} (${formatPercent(summary.n_rows === 0 ? 0 : summary.n_anomalies / summary.n_rows)})`;
}

export function VersionsTable({ versions, shown }: { versions: ModelVersion[]; shown: number }) {
  return (
    <table className={listing['table']}>
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col">Stage</th>
          <th scope="col">Algorithm</th>
          <th scope="col">Learned from</th>
          <th scope="col" className={listing['right']}>
            Flagged there
          </th>
          <th scope="col" className={listing['right']}>
            Trained
          </th>
        </tr>
      </thead>
      <tbody>
        {versions.map((version) => (
          <tr key={version.id} className={classes['row']} data-shown={version.version === shown || undefined}>
            <td>
              <Link
                to="/models/$id"
                params={{ id: version.model_id }}
                search={{ version: String(version.version) }}
                replace
                resetScroll={false}
                className={`${listing['main']} ${classes['link']}`}
                activeProps={{}}
                aria-current={version.version === shown ? 'true' : undefined}
              >
                Version {version.version}
              </Link>
            </td>
            <td data-label="Stage">{version.status === 'succeeded' ? <StageLabel stage={version.stage} /> : <StatusLabel detection={version} />}</td>
            <td data-label="Algorithm">{algorithmLabel(version.algorithm)}</td>
            <td data-label="Learned from" className="data-text">
              {version.dataset?.name ?? (version.source === 'imported' ? 'an imported file' : 'a deleted dataset')}
            </td>
            <td data-label="Flagged there" className={listing['right']}>
              {flagged(version)}
            </td>
            <td data-label="Trained" className={`${listing['right']} soft`}>
              <RelativeTime iso={version.finished_at ?? version.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
