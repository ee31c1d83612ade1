import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { archiveModel, archiveVersion, deleteModel, deleteVersion, type Model, type ModelVersion, promoteVersion } from '@/api/models';
import { Confirm } from '@/components/Confirm';
import { refreshModels } from '@/features/models/queries';
import { plural } from '@/lib/format';

export type VersionAction = 'production' | 'staging' | 'none' | 'archive' | 'delete';
export type ModelAction = 'archive model' | 'delete model';

type Asked = { action: VersionAction; version: ModelVersion } | { action: ModelAction };

interface Question {
  title: string;
  action: string;
  calm: boolean;
  body: ReactNode;
}

function aboutVersion(model: Model, action: VersionAction, { version, stage }: ModelVersion): Question {
  const holder = model.production;
  const replaces = holder !== null && holder.version !== version ? ` Version ${holder.version}, in production now, becomes archived; you can bring it back at any time.` : '';
  const leaves = stage === 'production' ? ' The model has no version in production then: requests that name none are answered by the newest one that was trained and is not archived.' : '';
  switch (action) {
    case 'production':
      return { title: `Put version ${version} into production?`, action: 'Put into production', calm: true, body: `From now on version ${version} answers every request that names no version.${replaces}` };
    case 'staging':
      return { title: `Put version ${version} into staging?`, action: 'Put into staging', calm: true, body: `It is marked as the one to be tried.${leaves}` };
    case 'none':
      return { title: `Take version ${version} out of ${stage}?`, action: `Take out of ${stage}`, calm: stage !== 'production', body: `It stays and can be used by its number.${leaves}` };
    case 'archive':
      return { title: `Archive version ${version}?`, action: 'Archive the version', calm: stage !== 'production', body: `It stays with its file and can get a stage again; requests that name no version pass it over.${leaves}` };
    case 'delete':
      return { title: `Delete version ${version}?`, action: 'Delete the version', calm: false, body: 'Its file goes for good, and no backup is kept here: download it before if it may be wanted. Detections that it made stay, and its number is not given again.' };
  }
}

function aboutModel(model: Model, action: ModelAction): Question {
  if (action === 'archive model') {
    return {
      title: 'Archive this model?',
      action: 'Archive the model',
      calm: true,
      body: (
        <>
          <strong>{model.name}</strong> leaves the list and judges no more rows until it is restored. Nothing of it is deleted.
        </>
      ),
    };
  }
  return {
    title: 'Delete this model?',
    action: 'Delete the model',
    calm: false,
    body: (
      <>
        <strong>{model.name}</strong> goes for good with {plural(model.n_versions, 'version')} and their files. Detections that it made stay.
      </>
    ),
  };
}

function perform(model: Model, asked: Asked): Promise<unknown> {
  if (!('version' in asked)) return asked.action === 'archive model' ? archiveModel(model.id) : deleteModel(model.id);
  const { version } = asked.version;
  if (asked.action === 'delete') return deleteVersion(model.id, version);
  if (asked.action === 'archive') return archiveVersion(model.id, version);
  return promoteVersion(model.id, version, asked.action);
}

/** Asks, telling what will happen, and does it. */
export function useModelActions(model: Model, onGone: (what: 'model' | 'version') => void) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const act = useMutation({
    mutationFn: (what: Asked) => perform(model, what),
    onSuccess: (_, what) => {
      setAsked(null);
      if (what.action === 'delete model') onGone('model');
      else if (what.action === 'delete') onGone('version');
      refreshModels(client);
    },
  });
  const question = asked === null ? null : 'version' in asked ? aboutVersion(model, asked.action, asked.version) : aboutModel(model, asked.action);
  const dialog = (
    <Confirm
      opened={question !== null}
      title={question?.title ?? ''}
      action={question?.action ?? ''}
      calm={question?.calm ?? true}
      keep="Cancel"
      pending={act.isPending}
      error={act.error}
      onConfirm={() => asked !== null && act.mutate(asked)}
      onClose={() => {
        setAsked(null);
        act.reset();
      }}
    >
      {question?.body}
    </Confirm>
  );
  return { ask: setAsked, dialog };
}
