import { describe, expect, it } from 'vitest';

import { parseSearch, safeTarget, stringifySearch, wholeNumberOf } from '@/lib/search';

describe('addresses', () => {
  it('keep a token that looks like a number as it is', () => {
    expect(parseSearch('?one_time=12e4')).toEqual({ one_time: '12e4' });
    expect(stringifySearch({ one_time: '12e4', to: undefined })).toBe('?one_time=12e4');
  });

  it('name a row only by a whole number', () => {
    expect(wholeNumberOf({ anomaly: '8835' }, 'anomaly')).toBe(8835);
    expect(wholeNumberOf({ anomaly: '-1' }, 'anomaly')).toBeUndefined();
    expect(wholeNumberOf({ anomaly: 'x' }, 'anomaly')).toBeUndefined();
  });
});

describe('safeTarget', () => {
  it('goes back to a page of this site', () => {
    expect(safeTarget('/detections/1?anomaly=3')).toBe('/detections/1?anomaly=3');
  });

  it.each([undefined, '', 'https://elsewhere.example', '//elsewhere.example', '/\\elsewhere.example', '/sign-in?to=/', 'javascript:alert(1)'])(
    'does not go to %s',
    (target) => expect(safeTarget(target)).toBe('/'),
  );
});
