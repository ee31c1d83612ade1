import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';

import { formatAbsolute, formatRelative } from '@/lib/format';

const refreshMs = 30_000;

export function RelativeTime({ iso }: { iso: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), refreshMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <Tooltip label={formatAbsolute(iso)}>
      <time dateTime={iso}>{formatRelative(iso, Math.max(now, new Date(iso).getTime()))}</time>
    </Tooltip>
  );
}
