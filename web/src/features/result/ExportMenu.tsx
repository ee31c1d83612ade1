import { Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { type Detection, exportDetection, type ExportFormat } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { ChevronIcon, DownloadIcon } from '@/components/icons';

const formats: { format: ExportFormat; label: string }[] = [
  { format: 'csv', label: 'CSV' },
  { format: 'jsonl', label: 'JSON lines' },
  { format: 'parquet', label: 'Parquet' },
  { format: 'arrow', label: 'Arrow' },
];

interface Wanted {
  format: ExportFormat;
  rows: 'all' | 'anomalies';
}

/** Saves the anomalies, or every row with its score, as a file. */
export function ExportMenu({ detection }: { detection: Detection }) {
  const save = useMutation({ mutationFn: ({ format, rows }: Wanted) => exportDetection(detection.id, format, rows) });
  const none = detection.summary?.n_anomalies === 0;
  return (
    <div>
      <Menu position="bottom-end" width={230} shadow="md">
        <Menu.Target>
          <Button variant="default" leftSection={<DownloadIcon />} rightSection={<ChevronIcon size={14} />} loading={save.isPending}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!none && (
            <>
              <Menu.Label>Anomalies with the reason</Menu.Label>
              {formats.map(({ format, label }) => (
                <Menu.Item key={format} onClick={() => save.mutate({ format, rows: 'anomalies' })}>
                  Anomalies as {label}
                </Menu.Item>
              ))}
              <Menu.Divider />
            </>
          )}
          <Menu.Label>Every row with its score</Menu.Label>
          {formats.map(({ format, label }) => (
            <Menu.Item key={format} onClick={() => save.mutate({ format, rows: 'all' })}>
              All rows as {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {save.isError && <ErrorState error={save.error} title="The file was not made" />}
    </div>
  );
}
