import { Button, VisuallyHidden } from '@mantine/core';
import { Link } from '@tanstack/react-router';

import type { DatasetSummary } from '@/api/datasets';
import { TextLink } from '@/components/TextLink';
import listing from '@/components/listing.module.css';
import { RelativeTime } from '@/components/RelativeTime';
import { useMay } from '@/features/session/permissions';
import { formatBytes, formatCount, plural } from '@/lib/format';

export function DatasetsTable({ datasets }: { datasets: DatasetSummary[] }) {
  const mayDetect = useMay('detections.write');
  return (
    <table className={listing['table']}>
      <thead>
        <tr>
          <th scope="col">Dataset</th>
          <th scope="col">Kind</th>
          <th scope="col" className={listing['right']}>
            Rows
          </th>
          <th scope="col" className={listing['right']}>
            Columns
          </th>
          <th scope="col" className={listing['right']}>
            Size
          </th>
          <th scope="col" className={listing['right']}>
            Uploaded
          </th>
          {mayDetect && (
            <th scope="col">
              <VisuallyHidden>Action</VisuallyHidden>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {datasets.map((dataset) => (
          <tr key={dataset.id}>
            <td className={listing['wide']}>
              <TextLink to="/datasets/$id" params={{ id: dataset.id }} className={`${listing['main']} data-text`}>
                {dataset.name}
              </TextLink>
              {dataset.n_warnings > 0 && <div className={listing['below']}>{plural(dataset.n_warnings, 'warning')} while reading</div>}
            </td>
            <td data-label="Kind">{dataset.kind === 'series' ? 'Time series' : 'Table'}</td>
            <td data-label="Rows" className={listing['right']}>
              {formatCount(dataset.n_rows)}
            </td>
            <td data-label="Columns" className={listing['right']}>
              {formatCount(dataset.n_columns)}
            </td>
            <td data-label="Size" className={listing['right']}>
              {formatBytes(dataset.size_bytes)}
            </td>
            <td data-label="Uploaded" className={`${listing['right']} soft`}>
              <RelativeTime iso={dataset.created_at} />
            </td>
            {mayDetect && (
              <td className={listing['right']}>
                <Button
                  size="compact-sm"
                  variant="light"
                  renderRoot={(props) => (
                    <Link to="/datasets/$id/detect" params={{ id: dataset.id }} search={{}} aria-label={`Detect anomalies in ${dataset.name}`} {...props} />
                  )}
                >
                  Detect
                </Button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
