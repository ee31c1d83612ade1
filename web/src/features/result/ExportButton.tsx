import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { type Anomaly, type Detection, listAnomalies } from '@/api/detections';
import { ErrorState } from '@/components/ErrorState';
import { DownloadIcon } from '@/components/icons';
import { anomaliesCsv } from '@/lib/anomalies';

const pageSize = 100;

async function everyAnomaly(id: string): Promise<Anomaly[]> {
  const all: Anomaly[] = [];
  let after: string | null = null;
  do {
    // Each page's cursor comes with the page before it.
    // oxlint-disable-next-line no-await-in-loop
    const page = await listAnomalies(id, pageSize, after);
    all.push(...page.items);
    after = page.next;
  } while (after !== null);
  return all;
}

function save(text: string, filename: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Saves all anomalies at the present threshold as a CSV file. */
export function ExportButton({ detection }: { detection: Detection }) {
  const download = useMutation({
    mutationFn: () => everyAnomaly(detection.id),
    onSuccess: (anomalies) => save(anomaliesCsv(anomalies), `${detection.dataset.name}-anomalies.csv`),
  });
  return (
    <div>
      <Button
        variant="default"
        leftSection={<DownloadIcon />}
        loading={download.isPending}
        disabled={detection.summary?.n_anomalies === 0}
        onClick={() => download.mutate()}
      >
        Anomalies as CSV
      </Button>
      {download.isError && <ErrorState error={download.error} title="The file was not made" />}
    </div>
  );
}
