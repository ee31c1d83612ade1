import { Button, Text } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useRef } from 'react';

import { CheckIcon } from '@/components/icons';

import classes from './Copy.module.css';

interface Props {
  /** What is copied, for a screen reader: "sign-in link". */
  of: string;
  text: string;
}

/** Text to take elsewhere, with a button that copies it; where the browser does not let a page copy, the text is selected instead. */
export function Copy({ of, text }: Props) {
  const clipboard = useClipboard({ timeout: 3000 });
  const shown = useRef<HTMLPreElement>(null);
  const copy = () => {
    clipboard.copy(text);
    if (shown.current !== null) getSelection()?.selectAllChildren(shown.current);
  };
  return (
    <div>
      <div className={classes['box']}>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no pointer scrolls a focused region by the arrow keys */}
        <pre ref={shown} className={classes['text']} tabIndex={0} aria-label={of} role="region">
          {text}
        </pre>
        <Button size="xs" variant="default" onClick={copy} leftSection={clipboard.copied ? <CheckIcon size={14} /> : null} className={classes['button']}>
          {clipboard.copied ? 'Copied' : `Copy the ${of}`}
        </Button>
      </div>
      <Text size="xs" role="status" className="soft">
        {clipboard.error !== null && 'The browser does not let this page copy. The text is selected: press Ctrl + C.'}
      </Text>
    </div>
  );
}
