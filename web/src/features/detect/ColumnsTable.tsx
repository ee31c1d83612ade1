import { Button, Checkbox } from '@mantine/core';

import type { Column, Dataset } from '@/api/datasets';
import listing from '@/components/listing.module.css';
import { columnTypeWords } from '@/features/datasets/words';
import { featureCandidates, type Setup } from '@/features/detect/setup';
import { dash, formatCell, formatCount } from '@/lib/format';

import classes from './ColumnsTable.module.css';

const hasRange = new Set<Column['type']>(['number', 'datetime']);

/** From so many columns on, boxes are not ticked one by one. */
const manyColumns = 6;

interface Props {
  dataset: Dataset;
  setup: Setup;
  onChange: (setup: Setup) => void;
}

/** The columns as they were recognised, each with a box that says whether it is judged. */
export function ColumnsTable({ dataset, setup, onChange }: Props) {
  const candidates = new Set(featureCandidates(dataset, setup));
  const toggle = (name: string, chosen: boolean) =>
    onChange({ ...setup, features: chosen ? [...setup.features, name] : setup.features.filter((other) => other !== name) });
  const all = [...candidates];
  return (
    <>
      {all.length >= manyColumns && (
        <div className={classes['all']}>
          <span className="soft">
            {formatCount(setup.features.length)} of {formatCount(all.length)} judged
          </span>
          <Button size="compact-xs" variant="subtle" disabled={setup.features.length === all.length} onClick={() => onChange({ ...setup, features: all })}>
            Judge all
          </Button>
          <Button size="compact-xs" variant="subtle" disabled={setup.features.length === 0} onClick={() => onChange({ ...setup, features: [] })}>
            Judge none
          </Button>
        </div>
      )}
      <table className={listing['table']}>
        <thead>
          <tr>
            <th scope="col">Judge</th>
            <th scope="col">Type</th>
            <th scope="col">Role</th>
            <th scope="col" className={listing['right']}>
              Missing
            </th>
            <th scope="col">Range</th>
            <th scope="col">Examples</th>
          </tr>
        </thead>
        <tbody>
          {dataset.columns.map((column) => {
            const isTime = setup.kind === 'series' && column.name === setup.timeColumn;
            const judged = candidates.has(column.name) && setup.features.includes(column.name);
            return (
              <tr key={column.name}>
                <td className={`${listing['wide']} ${classes['name']}`}>
                  <Checkbox
                    label={<span className={listing['main']}>{column.name}</span>}
                    checked={judged}
                    disabled={isTime}
                    onChange={(event) => toggle(column.name, event.currentTarget.checked)}
                  />
                </td>
                <td data-label="Type">{columnTypeWords[column.type]}</td>
                <td data-label="Role">{isTime ? 'Time' : judged ? 'Judged' : column.role === 'label' ? 'Label' : 'Not used'}</td>
                <td data-label="Missing" className={listing['right']}>
                  {formatCount(column.n_missing)}
                </td>
                <td data-label="Range" className="tabular">
                  {column.minimum === null || !hasRange.has(column.type) ? dash : `${formatCell(column.minimum)} to ${formatCell(column.maximum)}`}
                </td>
                <td data-label="Examples" className={`${classes['examples']} ${listing['wide']} soft data-text`}>
                  {column.examples.slice(0, 3).map(formatCell).join(', ')}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}
