import { useCallback, useState } from 'react';

/** Text that is being written, kept in this tab: nothing is lost on a reload or on the way to another row. Null: nothing is being written. */
export function useDraft(name: string): [string | null, (text: string | null) => void] {
  const key = `draft ${name}`;
  const [draft, setDraft] = useState(() => sessionStorage.getItem(key));
  const change = useCallback(
    (text: string | null) => {
      if (text === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, text);
      setDraft(text);
    },
    [key],
  );
  return [draft, change];
}
