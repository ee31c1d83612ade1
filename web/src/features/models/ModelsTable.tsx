import type { Model } from '@/api/models';
import listing from '@/components/listing.module.css';
import { RelativeTime } from '@/components/RelativeTime';
import { TextLink } from '@/components/TextLink';
import { StatusLabel } from '@/features/detections/StatusLabel';
import { StageLabel } from '@/features/models/StageLabel';
import { algorithmLabel, dash, formatCount } from '@/lib/format';

function Latest({ latest }: { latest: Model['latest'] }) {
  if (latest === null) return <span className="soft">{dash}</span>;
  if (latest.status !== 'succeeded') return <StatusLabel detection={latest} />;
  return <StageLabel stage={latest.stage} />;
}

export function ModelsTable({ models }: { models: Model[] }) {
  return (
    <table className={listing['table']}>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">In production</th>
          <th scope="col">Newest version</th>
          <th scope="col">Algorithm</th>
          <th scope="col" className={listing['right']}>
            Versions
          </th>
          <th scope="col" className={listing['right']}>
            Last trained
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map((model) => (
          <tr key={model.id}>
            <td className={listing['wide']}>
              <TextLink to="/models/$id" params={{ id: model.id }} search={{}} className={`${listing['main']} data-text`} inherit>
                {model.name}
              </TextLink>
              {model.archived_at !== null && <div className={listing['below']}>archived</div>}
            </td>
            <td data-label="In production">{model.production === null ? <span className="soft">none</span> : <strong>v{model.production.version}</strong>}</td>
            <td data-label="Newest version">
              {model.latest !== null && <span className="tabular">v{model.latest.version} </span>}
              <Latest latest={model.latest} />
            </td>
            <td data-label="Algorithm">{model.latest === null ? dash : algorithmLabel(model.latest.algorithm)}</td>
            <td data-label="Versions" className={listing['right']}>
              {formatCount(model.n_versions)}
            </td>
            <td data-label="Last trained" className={`${listing['right']} soft`}>
              {model.latest === null ? dash : <RelativeTime iso={model.latest.finished_at ?? model.latest.created_at} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
