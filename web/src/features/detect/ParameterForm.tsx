import { Button, NumberInput, Select, SimpleGrid, Stack, Switch, TagsInput, Text, TextInput } from '@mantine/core';

import type { ParameterValue } from '@/api/detections';
import { type Field, type FormValues, itemsOf, listOf, problemWith, rangeHint } from '@/features/detect/schema';

interface FieldProps {
  field: Field;
  /** Names that a list of algorithms may hold. */
  suggestions: string[];
  value: ParameterValue;
  onChange: (value: ParameterValue) => void;
}

function ParameterField({ field, suggestions, value, onChange }: FieldProps) {
  const error = problemWith(field, value);
  const range = rangeHint(field);
  const description = [field.description, range === '' ? '' : `Allowed: ${range}.`].filter(Boolean).join(' ');
  const shared = { label: field.label, description, error };
  const placeholder = field.automatic ? 'Automatic' : '';
  if (field.kind === 'boolean' && !field.automatic) {
    return (
      <Switch
        {...shared}
        error={null}
        mt="xs"
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (field.kind === 'boolean' || field.kind === 'choice') {
    const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices;
    return (
      <Select
        {...shared}
        data={choices}
        value={value === null ? null : String(value)}
        clearable={field.automatic}
        allowDeselect={false}
        placeholder={placeholder}
        onChange={(choice) => onChange(field.kind === 'boolean' && choice !== null ? choice === 'true' : choice)}
      />
    );
  }
  if (field.kind === 'list') {
    return (
      <TagsInput
        {...shared}
        data={field.numbers ? [] : suggestions}
        placeholder={itemsOf(value).length === 0 ? placeholder || 'Type, then press Enter' : 'Add'}
        acceptValueOnBlur
        splitChars={field.numbers ? [',', ' ', ';'] : []}
        allowDuplicates={field.numbers}
        value={itemsOf(value)}
        onChange={(items) => onChange(listOf(items, field.numbers))}
      />
    );
  }
  if (field.kind === 'string') {
    return (
      <TextInput {...shared} placeholder={placeholder} value={value === null ? '' : String(value)} onChange={(event) => onChange(event.currentTarget.value)} />
    );
  }
  return (
    <NumberInput
      {...shared}
      placeholder={placeholder}
      allowDecimal={field.kind === 'number'}
      clampBehavior="none"
      value={typeof value === 'number' ? value : ''}
      hideControls={field.kind === 'number'}
      onChange={(entered) => onChange(entered === '' ? null : Number(entered))}
    />
  );
}

interface Props {
  fields: Field[];
  suggestions: string[];
  values: FormValues;
  onChange: (values: FormValues) => void;
  onReset: () => void;
}

/** A form that an algorithm's parameter schema describes. */
export function ParameterForm({ fields, suggestions, values, onChange, onReset }: Props) {
  if (fields.length === 0) {
    return (
      <Text size="sm" className="soft">
        This algorithm has no parameters.
      </Text>
    );
  }
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing="md">
        {fields.map((field) => (
          <ParameterField
            key={field.name}
            field={field}
            suggestions={suggestions}
            value={values[field.name] ?? null}
            onChange={(value) => onChange({ ...values, [field.name]: value })}
          />
        ))}
      </SimpleGrid>
      <Button variant="default" size="xs" onClick={onReset} style={{ alignSelf: 'flex-start' }}>
        Back to the defaults
      </Button>
    </Stack>
  );
}
