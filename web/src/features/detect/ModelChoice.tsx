import { Select, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { Dataset } from '@/api/datasets';
import type { Model, ModelVersion } from '@/api/models';
import { ErrorState } from '@/components/ErrorState';
import { Notice } from '@/components/Notice';
import { TextLink } from '@/components/TextLink';
import type { Setup } from '@/features/detect/setup';
import { choosableModelsQuery, choosableVersionsQuery, judgingVersion, missingColumns } from '@/features/detect/storedModels';
import { algorithmLabel } from '@/lib/format';

interface Props {
  dataset: Dataset;
  setup: Setup;
  onChange: (setup: Setup) => void;
}

function versionLabel({ version, stage, algorithm }: ModelVersion): string {
  return `Version ${version}, ${algorithmLabel(algorithm)}${stage === 'none' ? '' : `, ${stage}`}`;
}

function VersionChoice({ dataset, setup, model, onChange }: Props & { model: Model }) {
  const versions = useQuery(choosableVersionsQuery(model.id));
  if (versions.isPending) return <Skeleton height={60} />;
  if (versions.isError) return <ErrorState error={versions.error} onRetry={() => void versions.refetch()} />;
  const usable = versions.data.items.filter((version) => version.status === 'succeeded');
  const usual = judgingVersion(model, versions.data.items);
  const judging = usable.find((version) => version.version === setup.version) ?? usual;
  const missing = judging === undefined ? [] : missingColumns(judging, dataset.columns.map((column) => column.name));
  return (
    <>
      <Select
        label="Version"
        data={usable.map((version) => ({ value: String(version.version), label: versionLabel(version) }))}
        placeholder={usual === undefined ? 'No version can judge yet' : `Version ${usual.version}${usual.stage === 'production' ? ', in production' : ', the newest'}`}
        clearable
        value={setup.version === null ? null : String(setup.version)}
        onChange={(version) => onChange({ ...setup, version: version === null ? null : Number(version) })}
      />
      {missing.length > 0 && (
        <Notice tone="warning" title="This dataset lacks columns that the model judges">
          <Text size="sm" className="data-text">
            Missing: {missing.join(', ')}
          </Text>
        </Notice>
      )}
    </>
  );
}

/** Which stored model judges the dataset. */
export function ModelChoice({ dataset, setup, onChange }: Props) {
  const models = useQuery(choosableModelsQuery);
  if (models.isPending) return <Skeleton height={60} />;
  if (models.isError) return <ErrorState error={models.error} title="The models cannot be listed" onRetry={() => void models.refetch()} />;
  if (models.data.items.length === 0) {
    return (
      <Text size="sm">
        No model is stored yet. <TextLink to="/models/new" search={{ dataset: dataset.id }}>Train one on this dataset</TextLink>, and it can judge others too.
      </Text>
    );
  }
  const model = models.data.items.find(({ id }) => id === setup.model);
  return (
    <Stack gap="md">
      <Select
        label="Model"
        description="It was trained before: this dataset is judged, nothing is learned from it."
        placeholder="Choose a model"
        searchable
        allowDeselect={false}
        data={models.data.items.map(({ id, name }) => ({ value: id, label: name }))}
        value={model?.id ?? null}
        onChange={(id) => onChange({ ...setup, model: id ?? '', version: null })}
      />
      {model !== undefined && <VersionChoice dataset={dataset} setup={setup} model={model} onChange={onChange} />}
    </Stack>
  );
}
