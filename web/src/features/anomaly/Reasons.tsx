import { Button, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Profile } from '@/api/datasets';
import type { Contribution } from '@/api/detections';
import { Strip } from '@/features/anomaly/Strip';
import { profileQuery } from '@/features/datasets/queries';
import { formatCell, formatPercent } from '@/lib/format';

import classes from './Reasons.module.css';

const shownAtFirst = 5;

interface PartProps {
  part: Contribution;
  largest: number;
  total: number;
  profile: Profile | undefined;
  loading: boolean;
}

function Part({ part, largest, total, profile, loading }: PartProps) {
  const lowers = part.contribution < 0;
  const width = largest > 0 ? (Math.abs(part.contribution) / largest) * 100 : 0;
  const column = profile?.columns.find((candidate) => candidate.name === part.feature);
  return (
    <li className={classes['part']}>
      <div className={classes['what']}>
        <div className={classes['name']}>
          <span className="data-text">{part.feature}</span>
          <span className="tabular">{lowers ? 'speaks for normal' : formatPercent(total > 0 ? part.contribution / total : 0)}</span>
        </div>
        <div className={classes['track']} aria-hidden="true">
          <div className={classes['bar']} data-lowers={lowers || undefined} style={{ width: `${Math.max(width, 1)}%` }} />
        </div>
        <div className={`${classes['values']} data-text`}>
          <strong>{formatCell(part.value)}</strong>
          {part.typical !== null && part.typical !== part.value && <> where {formatCell(part.typical)} is typical</>}
          {part.typical !== null && part.typical === part.value && <>, which is typical</>}
        </div>
      </div>
      {column !== undefined && profile !== undefined && <Strip column={column} nRows={profile.n_rows} value={part.value} typical={part.typical} />}
      {loading && <Skeleton height={58} />}
    </li>
  );
}

interface Props {
  contributions: Contribution[];
  datasetId: string;
  method: string;
}

/** What each column did to the score, and where its value lies among all values of the column. */
export function Reasons({ contributions, datasetId, method }: Props) {
  const [all, setAll] = useState(false);
  const profile = useQuery({ ...profileQuery(datasetId), retry: false });
  const largest = Math.max(0, ...contributions.map((part) => Math.abs(part.contribution)));
  const total = contributions.reduce((sum, part) => sum + Math.max(part.contribution, 0), 0);
  const shown = all ? contributions : contributions.slice(0, shownAtFirst);
  return (
    <>
      <ul className={classes['parts']}>
        {shown.map((part) => (
          <Part key={part.feature} part={part} largest={largest} total={total} profile={profile.data} loading={profile.isPending} />
        ))}
      </ul>
      {contributions.length > shown.length && (
        <Button variant="subtle" size="xs" mt="sm" onClick={() => setAll(true)}>
          Show {contributions.length - shown.length} more that did less
        </Button>
      )}
      <Text size="xs" className="soft" mt="md">
        Share of the score that each column explains ({method}).
        {profile.isError ? ' How the columns are spread could not be loaded.' : ' The arrow marks this row, the dashed line what is typical.'}
      </Text>
    </>
  );
}
