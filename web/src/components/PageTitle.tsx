import { Title } from '@mantine/core';
import { useEffect, useRef } from 'react';

/** The page's heading: names the browser's tab and takes the focus, so that a screen reader says where one is. */
export function PageTitle({ children, tab }: { children: string; tab?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${tab ?? children} · Anomaly Detection`;
  }, [children, tab]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <Title order={1} ref={heading} tabIndex={-1} className="data-text">
      {children}
    </Title>
  );
}
