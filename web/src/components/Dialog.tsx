import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './Dialog.module.css';

interface Props {
  opened: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  size?: 'md' | 'lg';
  /** What is shown only once is not closed by a click beside it. */
  firm?: boolean;
}

/** A question or a small form before the page. Its head is no landmark, unlike that of Mantine's own. */
export function Dialog({ opened, title, onClose, children, size = 'md', firm = false }: Props) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered closeOnClickOutside={!firm} transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={classes['head']}>
          <Modal.Title className={classes['title']}>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
