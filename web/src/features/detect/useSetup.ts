import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import type { Dataset } from '@/api/datasets';
import { changedValues, defaultsOf, fieldsOf, type FormValues } from '@/features/detect/schema';
import { chooseAlgorithm, readSetup, type Setup, writeSetup } from '@/features/detect/setup';
import { useAlgorithms } from '@/features/detect/useAlgorithms';
import type { NewDetectionSearch } from '@/router';

function textOf(search: NewDetectionSearch): string {
  return JSON.stringify(Object.entries(search).toSorted(([left], [right]) => left.localeCompare(right)));
}

/**
 * The setup of a new detection, kept in the address; `write` keeps it in the address of another page. An address changes a
 * moment after it was asked to, so what is typed is kept here as well: a field that waited for it would lose letters.
 */
export function useSetup(dataset: Dataset, search: NewDetectionSearch, write?: (search: NewDetectionSearch) => void) {
  const navigate = useNavigate();
  const [setup, keep] = useState(() => readSetup(dataset, search));
  const sent = useRef<string[]>([]);
  useEffect(() => {
    const arrived = readSetup(dataset, search);
    const place = sent.current.indexOf(textOf(writeSetup(dataset, arrived)));
    if (place >= 0) sent.current.splice(0, place + 1);
    // Somebody went back, or followed a link.
    else keep(arrived);
  }, [dataset, search]);
  const setSetup = useCallback(
    (next: Setup) => {
      const said = writeSetup(dataset, next);
      keep(next);
      sent.current.push(textOf(said));
      if (write === undefined) void navigate({ to: '/datasets/$id/detect', params: { id: dataset.id }, search: said, replace: true, resetScroll: false });
      else write(said);
    },
    [navigate, dataset, write],
  );
  const algorithms = useAlgorithms(setup.kind, setup.algorithm);
  const algorithm = chooseAlgorithm(algorithms.items, setup.kind, setup.algorithm);
  const fields = useMemo(() => (algorithm === undefined ? [] : fieldsOf(algorithm.parameters)), [algorithm]);
  const known = new Set(fields.map((field) => field.name));
  const given = Object.entries(setup.parameters).filter(([name]) => known.has(name));
  const values = { ...defaultsOf(fields), ...Object.fromEntries(given) };
  const changeValues = (next: FormValues | null) => setSetup({ ...setup, parameters: next === null ? {} : changedValues(fields, next) });
  return { setup, setSetup, algorithms, algorithm, fields, values, changeValues };
}
