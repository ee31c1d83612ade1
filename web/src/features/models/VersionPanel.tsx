import { Button, Code, Group, Menu, Paper, Progress, Select, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { cancelVersion, downloadVersion, type ModelVersion } from '@/api/models';
import { ErrorState } from '@/components/ErrorState';
import { ChevronIcon, DownloadIcon } from '@/components/icons';
import { Notice } from '@/components/Notice';
import { RelativeTime } from '@/components/RelativeTime';
import { TextLink } from '@/components/TextLink';
import { comparison } from '@/features/models/compare';
import { isTraining, refreshModels } from '@/features/models/queries';
import { StageLabel } from '@/features/models/StageLabel';
import type { VersionAction } from '@/features/models/useModelActions';
import { flagged } from '@/features/models/VersionsTable';
import { algorithmLabel, dash, formatBytes, formatCell, formatCount, formatNumber, formatPercent } from '@/lib/format';
import { stageWords } from '@/lib/stages';

import classes from './Version.module.css';

function Training({ version, mayWrite }: { version: ModelVersion; mayWrite: boolean }) {
  const client = useQueryClient();
  const cancel = useMutation({ mutationFn: () => cancelVersion(version.model_id, version.version), onSuccess: () => refreshModels(client) });
  const fraction = version.progress?.fraction ?? 0;
  return (
    <div>
      <Group justify="space-between" mb={6}>
        <Text fw={550} aria-live="polite">
          {stageWords(version.status, version.progress?.stage)}
        </Text>
        <Text className="tabular soft">{formatPercent(fraction)}</Text>
      </Group>
      <Progress value={Math.max(fraction * 100, 2)} animated size="lg" aria-label={`Progress of the training of version ${version.version}`} />
      <Group justify="space-between" mt="sm">
        <Text size="sm" className="soft">
          You can leave this page; the training goes on.
        </Text>
        {mayWrite && (
          <Button variant="default" size="xs" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the training
          </Button>
        )}
      </Group>
      {cancel.isError && <ErrorState error={cancel.error} title="It was not cancelled" />}
    </div>
  );
}

function Ended({ version }: { version: ModelVersion }) {
  if (version.status === 'cancelled') {
    return (
      <Notice tone="note" title="This training was cancelled">
        <Text size="sm">Nothing was stored of it. The other versions are as they were.</Text>
      </Notice>
    );
  }
  return (
    <Notice tone="error" title="The training failed">
      <Text size="sm" className="data-text">
        {version.error?.message ?? 'The server gave no reason.'}
      </Text>
      {version.error !== null && version.error.hint !== null && version.error.hint !== '' && (
        <Text size="sm" mt={4} className="data-text">
          {version.error.hint}
        </Text>
      )}
      <Text size="xs" mt="sm" className="soft">
        {version.error !== null && <Code>{version.error.code}</Code>} {version.job_id !== null && <>job <Code>{version.job_id}</Code></>}
      </Text>
    </Notice>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function tookSeconds({ started_at, finished_at }: ModelVersion): string | null {
  if (started_at === null || finished_at === null) return null;
  return `${formatNumber((Date.parse(finished_at) - Date.parse(started_at)) / 1000)} s`;
}

function whenName(version: ModelVersion): string {
  if (version.source === 'imported') return 'Imported';
  if (isTraining(version)) return 'Ordered';
  return version.status === 'succeeded' ? 'Trained' : 'Ended';
}

function Facts({ version }: { version: ModelVersion }) {
  const took = tookSeconds(version);
  const { summary, threshold } = version;
  const columns = version.feature_names ?? version.columns;
  return (
    <dl className={classes['facts']}>
      <Fact name="Algorithm">{algorithmLabel(version.algorithm)}</Fact>
      <Fact name="Learned from">
        {version.dataset === null ? (
          version.source === 'imported' ? 'an imported file' : 'a dataset that was deleted'
        ) : (
          <TextLink to="/datasets/$id" params={{ id: version.dataset.id }} inherit underline="always">
            {version.dataset.name}
          </TextLink>
        )}
        {summary !== null && <span className="soft">, {formatCount(summary.n_rows)} rows</span>}
      </Fact>
      {summary !== null && <Fact name="Flagged in its training data">{flagged(version)}</Fact>}
      {summary !== null && (
        <Fact name="Flags rows with a score of">
          {summary.threshold.score_cutoff === null ? dash : `at least ${formatNumber(summary.threshold.score_cutoff)}`}
          {threshold !== null && <span className="soft"> ({threshold.kind.replaceAll('_', ' ')} {formatNumber(threshold.value)})</span>}
        </Fact>
      )}
      {columns !== null && <Fact name={version.kind === 'series' ? `Columns, in the order of ${version.time_column ?? 'time'}` : 'Columns'}>{columns.join(', ')}</Fact>}
      <Fact name={whenName(version)}>
        <RelativeTime iso={version.finished_at ?? version.created_at} />
        {version.created_by !== null && ` by ${version.created_by.username}`}
        {took !== null && <span className="soft">, took {took}</span>}
      </Fact>
      {version.size_bytes !== null && <Fact name="File">{formatBytes(version.size_bytes)}</Fact>}
      {version.fingerprint !== null && (
        <Fact name="Fingerprint of the data">
          <Code className={classes['hash']}>{version.fingerprint}</Code>
        </Fact>
      )}
      {version.sha256 !== null && (
        <Fact name="SHA-256 of the file">
          <Code className={classes['hash']}>{version.sha256}</Code>
        </Fact>
      )}
    </dl>
  );
}

function Parameters({ version }: { version: ModelVersion }) {
  const entries = Object.entries(version.parameters);
  if (entries.length === 0) return <Text size="sm" className="soft">All parameters are at their defaults.</Text>;
  return (
    <dl className={classes['facts']}>
      {entries.map(([name, value]) => (
        <Fact key={name} name={name.replaceAll('_', ' ')}>
          {value === null ? 'automatic' : typeof value === 'object' ? JSON.stringify(value) : formatCell(value)}
        </Fact>
      ))}
    </dl>
  );
}

export function Comparison({ left, right }: { left: ModelVersion; right: ModelVersion }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no pointer scrolls a focused region by the arrow keys
    <div className={classes['scroll']} role="region" aria-label="Comparison of two versions" tabIndex={0}>
      <table className={classes['compare']}>
        <thead>
          <tr>
            <th scope="col">What</th>
            {[left, right].map((version) => (
              <th key={version.id} scope="col">
                Version {version.version} <StageLabel stage={version.stage} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {comparison(left, right).map((line) => (
            <tr key={line.name} data-differs={line.differs || undefined}>
              <th scope="row">{line.name}</th>
              <td>{line.left}</td>
              <td>{line.right}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ActionsProps {
  version: ModelVersion;
  onAsk: (action: VersionAction) => void;
}

/** The next step of a version is a button; what is rarer is in the menu. */
function Actions({ version, onAsk }: ActionsProps) {
  const download = useMutation({ mutationFn: () => downloadVersion(version.model_id, version.version) });
  const usable = version.status === 'succeeded';
  const { stage } = version;
  return (
    <div>
      <Group gap="sm">
        {usable && stage !== 'production' && <Button onClick={() => onAsk('production')}>Put into production</Button>}
        {usable && (
          <Button variant="default" leftSection={<DownloadIcon size={16} />} loading={download.isPending} onClick={() => download.mutate()}>
            Download .adm
          </Button>
        )}
        <Menu position="bottom-end" width={240} shadow="md">
          <Menu.Target>
            <Button variant="default" rightSection={<ChevronIcon size={14} />}>
              More
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {usable && stage !== 'staging' && <Menu.Item onClick={() => onAsk('staging')}>Put into staging</Menu.Item>}
            {usable && (stage === 'staging' || stage === 'production') && <Menu.Item onClick={() => onAsk('none')}>Take out of {stage}</Menu.Item>}
            {usable && stage !== 'archived' && <Menu.Item onClick={() => onAsk('archive')}>Archive the version</Menu.Item>}
            {version.dataset !== null && (
              <Menu.Item renderRoot={(props) => <Link to="/models/new" search={{ name: version.model_name, dataset: version.dataset?.id ?? '' }} {...props} />}>Train the next version</Menu.Item>
            )}
            <Menu.Item renderRoot={(props) => <Link to="/detections" search={{ model: version.model_id }} {...props} />}>Detections of the model</Menu.Item>
            <Menu.Divider />
            <Menu.Item disabled={stage === 'production' || isTraining(version)} onClick={() => onAsk('delete')}>
              Delete the version
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      {download.isError && <ErrorState error={download.error} title="The file was not downloaded" />}
    </div>
  );
}

interface Props {
  version: ModelVersion;
  others: ModelVersion[];
  compared: ModelVersion | undefined;
  mayWrite: boolean;
  onAsk: (action: VersionAction) => void;
  onCompare: (version: string | null) => void;
}

/** One version: where it stands, what it learned and from what, and what can be done with it. */
export function VersionPanel({ version, others, compared, mayWrite, onAsk, onCompare }: Props) {
  const choices = others.filter((other) => other.version !== version.version && other.status === 'succeeded');
  return (
    <Paper component="section" aria-labelledby="version-title">
      <Group justify="space-between" mb="md" align="flex-start">
        <Group gap="sm">
          <Title order={2} id="version-title">
            Version {version.version}
          </Title>
          {version.status === 'succeeded' && <StageLabel stage={version.stage} />}
        </Group>
        {mayWrite && !isTraining(version) && <Actions version={version} onAsk={onAsk} />}
      </Group>
      <Stack gap="lg">
        {isTraining(version) && <Training version={version} mayWrite={mayWrite} />}
        {(version.status === 'failed' || version.status === 'cancelled') && <Ended version={version} />}
        <Facts version={version} />
      </Stack>
      <h3 className={classes['subtitle']}>Parameters</h3>
      <Parameters version={version} />
      {choices.length > 0 && (
        <>
          <Group justify="space-between" align="flex-end" mt="lg" mb="sm">
            <Select
              label="Compare with"
              placeholder="Another version"
              w={220}
              clearable
              data={choices.map((other) => ({ value: String(other.version), label: `Version ${other.version}${other.stage === 'none' ? '' : `, ${other.stage}`}` }))}
              value={compared === undefined ? null : String(compared.version)}
              onChange={onCompare}
            />
            {compared !== undefined && (
              <Text size="sm" className="soft">
                What differs is in bold.
              </Text>
            )}
          </Group>
          {compared !== undefined && <Comparison left={version} right={compared} />}
        </>
      )}
    </Paper>
  );
}
