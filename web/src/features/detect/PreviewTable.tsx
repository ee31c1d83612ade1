import { Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { Dataset } from '@/api/datasets';
import { ErrorState } from '@/components/ErrorState';
import { previewQuery } from '@/features/datasets/queries';
import { dash, formatCell } from '@/lib/format';

import classes from './PreviewTable.module.css';

const shownRows = 8;

/** The first rows as the file has them, so that a wrong separator or header is seen at once. */
export function PreviewTable({ dataset }: { dataset: Dataset }) {
  const preview = useQuery(previewQuery(dataset.id, shownRows));
  if (preview.isPending) return <Skeleton height={260} />;
  if (preview.isError) return <ErrorState error={preview.error} onRetry={() => void preview.refetch()} />;
  const numeric = preview.data.columns.map((name) => dataset.columns.find((column) => column.name === name)?.type === 'number');
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no pointer scrolls a focused region by the arrow keys */}
      <div className={classes['scroll']} role="region" aria-label="Rows as the file has them" tabIndex={0}>
        <table className={classes['table']}>
          <thead>
            <tr>
              {preview.data.columns.map((name, position) => (
                <th key={name} scope="col" className={numeric[position] === true ? classes['right'] : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.data.rows.map((row, rowNumber) => (
              // oxlint-disable-next-line react/no-array-index-key -- the rows of a file have no other name, and never move
              <tr key={rowNumber}>
                {row.map((cell, position) => (
                  <td key={preview.data.columns[position]} className={numeric[position] === true ? classes['right'] : undefined}>
                    {cell === null || cell === '' ? <span className="soft">{dash}</span> : typeof cell === 'string' ? formatCell(cell) : String(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Text size="xs" className="soft" mt={8}>
        The first {preview.data.rows.length} rows of {dataset.filename}.
      </Text>
    </>
  );
}
