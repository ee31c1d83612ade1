export const minimumLength = 12;

/** What is wrong with a chosen password and its repetition, each null where nothing is. */
export function passwordProblems(password: string, repetition: string): { password: string | null; repetition: string | null } {
  const length = [...password].length;
  return {
    password: length < minimumLength ? `At least ${minimumLength} characters; this has ${length}.` : null,
    repetition: password === repetition ? null : 'This is not the same password.',
  };
}
