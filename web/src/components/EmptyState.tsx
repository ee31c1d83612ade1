import { Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './EmptyState.module.css';

/** Nothing is here: what that means and what to do. */
export function EmptyState({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes['empty']}>
      <Title order={2}>{title}</Title>
      <Text size="sm" className="soft" maw={560}>
        {children}
      </Text>
      {action !== undefined && <div className={classes['action']}>{action}</div>}
    </div>
  );
}
