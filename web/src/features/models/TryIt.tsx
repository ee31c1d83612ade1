import { ActionIcon, Button, Group, Text, Textarea, Tooltip, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ClipboardEvent, Fragment, useMemo, useState } from 'react';

import type { ColumnType } from '@/api/datasets';
import { type Judgement, type ModelVersion, scoreRows } from '@/api/models';
import { Dialog } from '@/components/Dialog';
import { ErrorState } from '@/components/ErrorState';
import { CloseIcon } from '@/components/icons';
import { SeverityLabel } from '@/components/severity';
import { datasetQuery, previewQuery } from '@/features/datasets/queries';
import { isEmpty, mostRows, pasted, rowOf, textOf, type TypedRow } from '@/features/models/rows';
import { Snippets } from '@/features/models/Snippets';
import { formatP, formatScore, plural } from '@/lib/format';

import classes from './TryIt.module.css';

const exampleRows = 3;
const pauseMs = 350;

/** What the version wants of a row. */
export function columnsOf(version: ModelVersion, timeOfData: string | null): string[] {
  const features = version.feature_names ?? version.columns ?? [];
  const time = version.kind === 'series' ? (version.time_column ?? timeOfData) : null;
  return time === null || features.includes(time) ? features : [time, ...features];
}

interface Verdict {
  score: number | null;
  pValue: number | null;
  severity: Judgement['severities'][number];
  anomalous: boolean;
  sentence: string | null;
}

function verdictOf(judgement: Judgement | undefined, place: number): Verdict | null {
  if (judgement === undefined || place < 0 || place >= judgement.n_rows) return null;
  return {
    score: judgement.scores[place] ?? null,
    pValue: judgement.p_values?.[place] ?? null,
    severity: judgement.severities[place] ?? null,
    anomalous: judgement.predictions[place] === 1,
    sentence: judgement.explanations?.[place]?.sentence ?? null,
  };
}

function VerdictCells({ verdict, stale }: { verdict: Verdict | null; stale: boolean }) {
  if (verdict === null) {
    return (
      <td colSpan={3} className={classes['verdict']}>
        <VisuallyHidden>not judged yet</VisuallyHidden>
      </td>
    );
  }
  return (
    <>
      <td className={`${classes['verdict']} numeric`} data-stale={stale || undefined}>
        {verdict.score === null ? '–' : formatScore(verdict.score)}
      </td>
      <td className="numeric" data-stale={stale || undefined}>
        {formatP(verdict.pValue)}
      </td>
      <td data-stale={stale || undefined}>{verdict.anomalous ? verdict.severity === null ? 'anomaly' : <SeverityLabel severity={verdict.severity} /> : <span className="soft">normal</span>}</td>
    </>
  );
}

function PasteDialog({ columns, opened, onClose, onRows }: { columns: string[]; opened: boolean; onClose: () => void; onRows: (rows: TypedRow[]) => void }) {
  const [text, setText] = useState('');
  const rows = pasted(text, columns);
  return (
    <Dialog opened={opened} onClose={onClose} title="Paste rows" size="lg">
      <Textarea
        label="Rows, one per line"
        description={`With commas, semicolons or tabs between the values. A first line with the columns' names is understood. At most ${mostRows} rows.`}
        placeholder={columns.join(',')}
        autosize
        minRows={6}
        maxRows={16}
        data-autofocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        classNames={{ input: classes['paste'] ?? '' }}
      />
      <Group justify="space-between" mt="md">
        <Text size="sm" className="soft" role="status">
          {plural(rows.length, 'row')} understood
        </Text>
        <Group gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={rows.length === 0}
            onClick={() => {
              onRows(rows);
              onClose();
              setText('');
            }}
          >
            Use these rows
          </Button>
        </Group>
      </Group>
    </Dialog>
  );
}

interface GridProps {
  columns: string[];
  rows: TypedRow[];
  places: number[];
  judgement: Judgement | undefined;
  stale: boolean;
  onRows: (rows: TypedRow[]) => void;
}

function Grid({ columns, rows, places, judgement, stale, onRows }: GridProps) {
  const change = (position: number, name: string, text: string) => onRows(rows.map((row, other) => (other === position ? { ...row, [name]: text } : row)));
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData('text');
    if (!/[\n\t]/.test(text.trim())) return;
    event.preventDefault();
    const taken = pasted(text, columns);
    if (taken.length > 0) onRows(taken);
  };
  return (
    <div className={classes['scroll']}>
      <table className={classes['grid']}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col" title={name}>
                {name}
              </th>
            ))}
            <th scope="col" className="numeric">
              Score
            </th>
            <th scope="col" className="numeric">
              p-value
            </th>
            <th scope="col">Verdict</th>
            <th scope="col">
              <VisuallyHidden>Action</VisuallyHidden>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, position) => {
            const verdict = verdictOf(judgement, places[position] ?? -1);
            return (
              // oxlint-disable-next-line react/no-array-index-key -- a typed row has no other name than its place
              <Fragment key={position}>
                <tr>
                  {columns.map((name) => (
                    <td key={name} className={classes['field']}>
                      <input
                        type="text"
                        aria-label={`${name} of row ${position + 1}`}
                        value={row[name] ?? ''}
                        placeholder="missing"
                        spellCheck={false}
                        onPaste={paste}
                        onChange={(event) => change(position, name, event.currentTarget.value)}
                      />
                    </td>
                  ))}
                  <VerdictCells verdict={verdict} stale={stale} />
                  <td>
                    {rows.length > 1 && (
                      <Tooltip label="Take this row away">
                        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Take row ${position + 1} away`} onClick={() => onRows(rows.filter((_, other) => other !== position))}>
                          <CloseIcon size={14} />
                        </ActionIcon>
                      </Tooltip>
                    )}
                  </td>
                </tr>
                {verdict?.anomalous === true && verdict.sentence !== null && (
                  <tr className={classes['reason']}>
                    <td colSpan={columns.length + 4} className="data-text">
                      {verdict.sentence}
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface Props {
  version: ModelVersion;
  inProduction: boolean;
}

/** A few rows to play with: what the model says of them is there as soon as one stops typing. */
export function TryIt({ version, inProduction }: Props) {
  const datasetId = version.dataset?.id ?? null;
  const dataset = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== null, retry: false });
  const preview = useQuery({ ...previewQuery(datasetId ?? '', exampleRows), enabled: datasetId !== null, retry: false });
  const timeOfData = dataset.data?.roles.time ?? null;
  const columns = useMemo(() => columnsOf(version, timeOfData), [version, timeOfData]);
  const [typed, setTyped] = useState<TypedRow[] | null>(null);
  const [pasting, setPasting] = useState(false);
  const types = useMemo(() => new Map<string, ColumnType>(dataset.data?.columns.map((column) => [column.name, column.type])), [dataset.data]);
  const firstRows = preview.data;
  const examples = useMemo(() => {
    const first = firstRows?.rows.map((row) => Object.fromEntries(columns.map((name) => [name, textOf(row[firstRows.columns.indexOf(name)])])));
    return first === undefined || first.length === 0 ? [{}] : first;
  }, [firstRows, columns]);
  const rows = typed ?? examples;
  const [settled] = useDebouncedValue(rows, pauseMs);
  const filled = useMemo(() => settled.filter((row) => !isEmpty(row)).map((row) => rowOf(row, columns, types)), [settled, columns, types]);
  // An empty row is not sent; the others keep their order.
  const places = settled.map((row, position) => (isEmpty(row) ? -1 : settled.slice(0, position).filter((other) => !isEmpty(other)).length));
  const query = useQuery({
    queryKey: ['score', version.id, filled],
    queryFn: () => scoreRows(version.model_id, version.version, filled),
    enabled: filled.length > 0 && columns.length > 0 && (datasetId === null || !dataset.isPending),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  if (columns.length === 0) return <Text size="sm">This version does not tell which columns it wants; send rows over the API.</Text>;
  const judgement = query.isError || filled.length === 0 ? undefined : query.data;
  return (
    <div>
      <Text size="sm" className="soft" mb="sm">
        {typed === null && datasetId !== null ? 'These are the first rows of its training data. Change a value and see what the model says of it.' : 'Change a value and see what the model says of it.'}{' '}
        {version.kind === 'series' && 'The rows are judged in the order of their times.'}
      </Text>
      <Grid columns={columns} rows={rows} places={places} judgement={judgement} stale={query.isPlaceholderData || query.isFetching || settled !== rows} onRows={setTyped} />
      <Group gap="sm" mt="sm">
        <Button size="xs" variant="default" disabled={rows.length >= mostRows} onClick={() => setTyped([...rows, rows.at(-1) ?? {}])}>
          Add a row
        </Button>
        <Button size="xs" variant="default" onClick={() => setPasting(true)}>
          Paste rows
        </Button>
        {typed !== null && (
          <Button size="xs" variant="subtle" onClick={() => setTyped(null)}>
            Back to the examples
          </Button>
        )}
        <Text size="sm" role="status" className="soft">
          {judgement !== undefined && `${plural(judgement.n_anomalies, 'anomaly', 'anomalies')} in ${plural(judgement.n_rows, 'row')}`}
        </Text>
      </Group>
      {query.isError && (
        <div className={classes['error']}>
          <ErrorState error={query.error} title="These rows were not judged" onRetry={() => void query.refetch()} />
        </div>
      )}
      <PasteDialog columns={columns} opened={pasting} onClose={() => setPasting(false)} onRows={setTyped} />
      <Snippets modelId={version.model_id} version={inProduction ? null : version.version} row={rowOf(rows[0] ?? {}, columns, types)} />
    </div>
  );
}
