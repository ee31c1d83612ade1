import { Button, FileButton, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';

import { ApiError } from '@/api/client';
import { importModel, type ModelVersion } from '@/api/models';
import type { Upload } from '@/api/transfer';
import { Dialog } from '@/components/Dialog';
import { ErrorState } from '@/components/ErrorState';
import { UploadIcon } from '@/components/icons';
import { refreshModels } from '@/features/models/queries';
import { formatBytes, formatPercent } from '@/lib/format';

function useImport(onDone: (version: ModelVersion) => void) {
  const upload = useRef<Upload<ModelVersion> | null>(null);
  const [fraction, setFraction] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => () => upload.current?.cancel(), []);
  const send = async (file: File, name: string) => {
    setError(null);
    setFraction(0);
    upload.current = importModel(file, name, setFraction);
    try {
      onDone(await upload.current.promise);
    } catch (problem) {
      if (!(problem instanceof ApiError) || problem.code !== 'client.cancelled') setError(problem as Error);
    } finally {
      upload.current = null;
      setFraction(null);
    }
  };
  return { fraction, error, send, cancel: () => upload.current?.cancel(), forget: () => setError(null) };
}

/** Takes a model file that was trained elsewhere, as a new model or as the next version of a known one. */
export function ImportModel({ name: known }: { name?: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const { fraction, error, send, cancel, forget } = useImport((version) => {
    setFile(null);
    refreshModels(client);
    void navigate({ to: '/models/$id', params: { id: version.model_id }, search: { version: String(version.version) } });
  });
  const choose = (chosen: File | null) => {
    if (chosen === null) return;
    setFile(chosen);
    setName(known ?? chosen.name.replace(/\.adm$/i, ''));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file !== null && name.trim() !== '' && fraction === null) void send(file, name.trim());
  };
  const close = () => {
    cancel();
    forget();
    setFile(null);
  };
  return (
    <>
      <FileButton onChange={choose} accept=".adm" inputProps={{ 'aria-label': 'Model file to import' }}>
        {(props) => (
          <Button variant="default" leftSection={<UploadIcon size={16} />} {...props}>
            {known === undefined ? 'Import a model' : 'Import a version'}
          </Button>
        )}
      </FileButton>
      <Dialog opened={file !== null} onClose={close} title={known === undefined ? 'Import a model' : 'Import a version'}>
        <form onSubmit={submit}>
          <Stack>
            <Text size="sm" className="data-text">
              <strong>{file?.name}</strong>, {formatBytes(file?.size ?? 0)}. Only files that this platform wrote are taken; nothing in them is run.
            </Text>
            <TextInput
              label="Name of the model"
              description={known === undefined ? 'A name that exists already gets the file as its next version.' : 'The file becomes the next version of this model.'}
              value={name}
              maxLength={200}
              readOnly={known !== undefined}
              data-autofocus
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {fraction !== null && (
              <div role="status">
                <Progress value={fraction * 100} animated={fraction >= 1} aria-label="Upload of the model file" />
                <Text size="xs" mt={4} className="soft tabular">
                  {fraction >= 1 ? 'Checking the file…' : `${formatPercent(fraction)} sent`}
                </Text>
              </div>
            )}
            {error !== null && <ErrorState error={error} title="The file was not taken" />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={fraction !== null} disabled={name.trim() === ''}>
                Import
              </Button>
            </Group>
          </Stack>
        </form>
      </Dialog>
    </>
  );
}
