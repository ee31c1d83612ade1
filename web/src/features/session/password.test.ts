import { expect, it } from 'vitest';

import { passwordProblems } from '@/features/session/password';

it('asks for twelve characters, counted as a person counts them, entered twice', () => {
  expect(passwordProblems('short', 'short').password).toContain('this has 5');
  expect(passwordProblems('🔑🔑🔑🔑🔑🔑', '').password).toContain('this has 6');
  expect(passwordProblems('correct horse', 'correct hors').repetition).not.toBeNull();
  expect(passwordProblems('correct horse', 'correct horse')).toEqual({ password: null, repetition: null });
});
