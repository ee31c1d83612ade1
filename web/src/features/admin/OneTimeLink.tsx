import { Stack, Text } from '@mantine/core';

import type { OneTimeToken } from '@/api/users';
import { Copy } from '@/components/Copy';
import { Dialog } from '@/components/Dialog';
import { formatAbsolute } from '@/lib/format';

export interface ShownLink extends OneTimeToken {
  username: string;
}

/** The sign-in link of a user, which only this moment shows. */
export function OneTimeLink({ shown, onClose }: { shown: ShownLink | null; onClose: () => void }) {
  const address = shown === null ? '' : `${window.location.origin}/sign-in?one_time=${encodeURIComponent(shown.one_time_token)}`;
  return (
    <Dialog opened={shown !== null} onClose={onClose} title="Sign-in link" size="lg" firm>
      {shown !== null && (
        <Stack>
          <Text size="sm" className="data-text">
            Give this link to <strong>{shown.username}</strong> by a safe way. It works once, until {formatAbsolute(shown.expires_at)}, and lets whoever opens it choose the password.
          </Text>
          <Copy of="sign-in link" text={address} />
          <Text size="sm" fw={550}>
            It is shown only now. If it gets lost, make a new one; the old one stops working then.
          </Text>
        </Stack>
      )}
    </Dialog>
  );
}
