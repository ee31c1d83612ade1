import { CloseButton, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

import { SearchIcon } from '@/components/icons';
import { useKeys } from '@/features/feedback/useKeys';

const pauseMs = 250;

interface Props {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** Looks for text; what was typed goes into the address after a short pause. `/` leads here. */
export function SearchField({ label, value, onChange }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value ?? '');
  const [told, setTold] = useState(value ?? '');
  if ((value ?? '') !== told) {
    // Somebody went back, or took the filter away.
    setTold(value ?? '');
    setTyped(value ?? '');
  }
  useEffect(() => {
    if (typed.trim() === told) return;
    const timer = setTimeout(() => {
      setTold(typed.trim());
      onChange(typed.trim() === '' ? undefined : typed.trim());
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [typed, told, onChange]);
  useKeys({ '/': () => field.current?.focus() });
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<SearchIcon size={16} />}
      rightSection={typed === '' ? null : <CloseButton size="sm" aria-label="Clear the search" onClick={() => setTyped('')} />}
      value={typed}
      maxLength={200}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}
