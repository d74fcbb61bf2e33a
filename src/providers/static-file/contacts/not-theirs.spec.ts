import { describe, expect, it } from '@jest/globals';
import { whyNotTheirs } from './column-role.js';

describe('the label of a number', () => {
  it.each(['Wrong number', 'Ex-work', 'Entinen', 'Assistentti'])(
    'says that nobody calls from it: %s',
    (label) => {
      expect(whyNotTheirs(label)).toBeDefined();
    },
  );

  it.each(['Work', 'Mobile', 'Rex'])('says nothing of the kind: %s', (label) => {
    expect(whyNotTheirs(label)).toBeUndefined();
  });
});
