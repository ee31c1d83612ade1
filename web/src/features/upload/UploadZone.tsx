import { Button, Group, Progress, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type DragEvent, useEffect, useRef, useState } from 'react';

import { ApiError } from '@/api/client';
import { type Dataset, uploadDataset } from '@/api/datasets';
import type { Upload } from '@/api/transfer';
import { ErrorState } from '@/components/ErrorState';
import { UploadIcon } from '@/components/icons';
import { formatBytes, formatPercent } from '@/lib/format';

import classes from './UploadZone.module.css';

interface Sending {
  file: File;
  fraction: number;
}

function useUpload() {
  const client = useQueryClient();
  const router = useRouter();
  const upload = useRef<Upload<Dataset> | null>(null);
  const [sending, setSending] = useState<Sending | null>(null);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => () => upload.current?.cancel(), []);
  const send = async (files: File[]) => {
    const [file] = files;
    if (file === undefined || upload.current !== null) return;
    setError(files.length > 1 ? new Error('Several files were dropped. Please give one at a time.') : null);
    if (files.length > 1) return;
    setSending({ file, fraction: 0 });
    upload.current = uploadDataset(file, (fraction) => setSending({ file, fraction }));
    try {
      const dataset = await upload.current.promise;
      client.setQueryData(['dataset', dataset.id], dataset);
      for (const key of ['datasets', 'overview']) void client.invalidateQueries({ queryKey: [key] });
      upload.current = null;
      await router.navigate({ to: '/datasets/$id/detect', params: { id: dataset.id }, search: {} });
    } catch (problem) {
      if (!(problem instanceof ApiError) || problem.code !== 'client.cancelled') setError(problem as Error);
    } finally {
      upload.current = null;
      setSending(null);
    }
  };
  return { sending, error, send, cancel: () => upload.current?.cancel() };
}

function SendingState({ sending, onCancel }: { sending: Sending; onCancel: () => void }) {
  const sent = sending.fraction >= 1;
  return (
    <div className={classes['sending']} role="status" aria-live="polite">
      <Group justify="space-between" wrap="nowrap" mb={8}>
        <Text fw={550} className="data-text">
          {sending.file.name}
        </Text>
        <Text size="sm" className="soft tabular">
          {sent ? 'Reading the columns…' : `${formatPercent(sending.fraction)} of ${formatBytes(sending.file.size)}`}
        </Text>
      </Group>
      <Progress value={sending.fraction * 100} animated={sent} aria-label={`Upload of ${sending.file.name}`} />
      <Button mt="md" size="xs" variant="default" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}

/** Takes a file by drop or by button, sends it, and goes on to the new detection. */
export function UploadZone({ large }: { large: boolean }) {
  const { sending, error, send, cancel } = useUpload();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void send([...event.dataTransfer.files]);
  };
  return (
    <section aria-label="Upload data">
      <div
        className={classes['zone']}
        data-over={over || undefined}
        data-large={large || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        {sending === null ? (
          <>
            <span className={classes['icon']}>
              <UploadIcon size={large ? 28 : 22} />
            </span>
            <div className={classes['words']}>
              <Text fw={600} size={large ? 'lg' : 'md'}>
                {over ? 'Let go to upload' : 'Drop a file here'}
              </Text>
              <Text size="sm" className="soft">
                CSV with a header line, JSON lines, Parquet or Arrow, also compressed (.gz). A column of dates makes it a time series.
              </Text>
            </div>
            <Button onClick={() => input.current?.click()}>Choose a file</Button>
            <input
              ref={input}
              type="file"
              hidden
              aria-label="File to upload"
              onChange={(event) => {
                const files = [...(event.currentTarget.files ?? [])];
                event.currentTarget.value = '';
                void send(files);
              }}
            />
          </>
        ) : (
          <SendingState sending={sending} onCancel={cancel} />
        )}
      </div>
      {error !== null && (
        <div className={classes['error']}>
          <ErrorState error={error} title="The file was not taken" />
        </div>
      )}
    </section>
  );
}
