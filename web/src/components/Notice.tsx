import type { ReactNode } from 'react';

import { AlertIcon } from '@/components/icons';

import classes from './Notice.module.css';

interface Props {
  tone: 'error' | 'warning' | 'note';
  title: string;
  children: ReactNode;
}

/** Something that a reader must not miss (error, warning), or may want to know (note); it stays in its place. */
export function Notice({ tone, title, children }: Props) {
  return (
    <div className={classes['notice']} data-tone={tone} role={tone === 'error' ? 'alert' : undefined}>
      {tone !== 'note' && (
        <span className={classes['icon']}>
          <AlertIcon size={20} />
        </span>
      )}
      <div className={classes['body']}>
        <p className={classes['title']}>{title}</p>
        {children}
      </div>
    </div>
  );
}
