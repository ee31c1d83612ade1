import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { Dataset } from '@/api/datasets';
import { algorithmsQuery } from '@/features/detect/queries';
import { changedValues, defaultsOf, fieldsOf, type FormValues } from '@/features/detect/schema';
import { chooseAlgorithm, readSetup, type Setup, writeSetup } from '@/features/detect/setup';
import type { NewDetectionSearch } from '@/router';

/** The setup of a new detection, kept in the address; `write` keeps it in the address of another page. */
export function useSetup(dataset: Dataset, search: NewDetectionSearch, write?: (search: NewDetectionSearch) => void) {
  const navigate = useNavigate();
  const setup = useMemo(() => readSetup(dataset, search), [dataset, search]);
  const setSetup = useCallback(
    (next: Setup) => {
      const said = writeSetup(dataset, next);
      if (write === undefined) void navigate({ to: '/datasets/$id/detect', params: { id: dataset.id }, search: said, replace: true, resetScroll: false });
      else write(said);
    },
    [navigate, dataset, write],
  );
  const algorithms = useQuery(algorithmsQuery(setup.kind));
  const algorithm = chooseAlgorithm(algorithms.data?.items ?? [], setup.kind, setup.algorithm);
  const fields = useMemo(() => (algorithm === undefined ? [] : fieldsOf(algorithm.parameters)), [algorithm]);
  const known = new Set(fields.map((field) => field.name));
  const given = Object.entries(setup.parameters).filter(([name]) => known.has(name));
  const values = { ...defaultsOf(fields), ...Object.fromEntries(given) };
  const changeValues = (next: FormValues | null) => setSetup({ ...setup, parameters: next === null ? {} : changedValues(fields, next) });
  return { setup, setSetup, algorithms, algorithm, fields, values, changeValues };
}
