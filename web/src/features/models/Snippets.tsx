import { Text } from '@mantine/core';

import type { Row } from '@/api/models';
import { Copy } from '@/components/Copy';
import { TextLink } from '@/components/TextLink';
import { curlSnippet, pythonSnippet } from '@/features/models/snippets';

import classes from './TryIt.module.css';

/** How a program asks the same. */
export function Snippets({ modelId, version, row }: { modelId: string; version: number | null; row: Row }) {
  const target = { origin: window.location.origin, modelId, version };
  return (
    <details className={classes['details']}>
      <summary>Ask from a program</summary>
      <Text size="sm" className="soft" mb="sm">
        {version === null ? 'Without a version, the one in production answers. ' : ''}Programs sign in with an API key: make one on <TextLink to="/account" underline="always">your account page</TextLink>.
      </Text>
      <h3 className={classes['language']}>Shell</h3>
      <Copy of="curl command" text={curlSnippet(target, row)} />
      <h3 className={classes['language']}>Python client</h3>
      <Copy of="Python code" text={pythonSnippet(target, row)} />
    </details>
  );
}
