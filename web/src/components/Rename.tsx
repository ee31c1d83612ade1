import { ActionIcon, Button, Group, TextInput, Tooltip } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';

import { ErrorState } from '@/components/ErrorState';
import { PencilIcon } from '@/components/icons';
import { PageTitle } from '@/components/PageTitle';

interface Props {
  name: string;
  /** What is named, for the words around: "dataset". */
  of: string;
  allowed: boolean;
  onSave: (name: string) => Promise<unknown>;
}

function NameForm({ name, of, onSave, onEnd }: Omit<Props, 'allowed'> & { onEnd: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState(name);
  const save = useMutation({ mutationFn: onSave, onSuccess: onEnd });
  useEffect(() => field.current?.select(), []);
  const wanted = draft.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted === name) onEnd();
    else if (wanted !== '') save.mutate(wanted);
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="flex-start" mb={4}>
        <TextInput
          ref={field}
          aria-label={`Name of the ${of}`}
          value={draft}
          maxLength={200}
          w={{ base: '100%', xs: 380 }}
          error={wanted === '' ? 'A name is needed.' : null}
          onChange={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onEnd();
          }}
        />
        <Button type="submit" loading={save.isPending} disabled={wanted === ''}>
          Save
        </Button>
        <Button variant="default" onClick={onEnd}>
          Cancel
        </Button>
      </Group>
      {save.isError && <ErrorState error={save.error} title="The name was not changed" />}
    </form>
  );
}

/** The page's heading, which whoever may can change in its place. */
export function Rename({ name, of, allowed, onSave }: Props) {
  const [changing, setChanging] = useState(false);
  if (changing) return <NameForm name={name} of={of} onSave={onSave} onEnd={() => setChanging(false)} />;
  return (
    <Group gap={6} wrap="nowrap" align="center">
      <PageTitle>{name}</PageTitle>
      {allowed && (
        <Tooltip label={`Rename the ${of}`}>
          <ActionIcon variant="subtle" color="gray" aria-label={`Rename the ${of}`} onClick={() => setChanging(true)}>
            <PencilIcon size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}
