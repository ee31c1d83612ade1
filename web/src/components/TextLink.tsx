import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { type AnchorHTMLAttributes, forwardRef } from 'react';

type Props = AnchorProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps>;

const Base = forwardRef<HTMLAnchorElement, Props>(function Base(props, ref) {
  return <Anchor ref={ref} {...props} />;
});

/** A link to another page of the dashboard. */
export const TextLink = createLink(Base);
