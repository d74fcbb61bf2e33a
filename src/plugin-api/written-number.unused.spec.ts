import { describe, expect, it } from '@jest/globals';
import { readWrittenNumbers } from './written-number.js';

describe('a number that is said to be dead, or no telephone', () => {
  it.each([
    '050 123 1234 (ei enää käytössä)',
    '050 123 1234 (ei käytössä)',
    '050 123 1234 (poistettu)',
    '050 123 1234 poistunut',
    'entinen 050 123 1234',
    'ent. 050 123 1234',
    '050 123 1234 (ent.)',
    '050 123 1234 (ex)',
    'former: 050 123 1234',
    '050 123 1234 (wrong number)',
    '050 123 1234 - väärä numero',
    '050 123 1234 (BLOCKED)',
    'estetty 050 123 1234',
    '050 123 1234 (gammalt)',
    '050 123 1234 fel nummer',
    '050 123 1234 (används ej)',
    '050 123 1234 (upphört)',
    '050 123 1234 (veraltet)',
    'alt: 050 123 1234',
    '050 123 1234 (ehem.)',
    '050 123 1234 (nicht mehr)',
    '050 123 1234 (falsche Nummer)',
    '050 123 1234 (ungültig)',
    'Telefaksi 09 123 4567',
    'F: 09 123 4567',
    'fx 09 123 4567',
    'Hakulaite 09 123 4567',
    'Personsökare 09 123 4567',
    'Sökare: 09 123 4567',
    'Piepser 09 123 4567',
    'Funkruf 09 123 4567',
  ])('is left out: %j', (text) => {
    expect(readWrittenNumbers(text, 'FI')).toEqual({ keys: [], problem: expect.stringContaining('is said') });
  });

  it.each([
    '050 123 1234 (Alexander)',
    '050 123 1234 (Walter)',
    'Alt-Moabit: 050 123 1234',
    'Rex: 050 123 1234',
    '050 123 1234 (Blockedt)',
    '050 123 1234 (Vent. Oy)',
  ])('is no part of a word: %j', (text) => {
    expect(readWrittenNumbers(text, 'FI').problem).toBeUndefined();
  });

  it('does not hide another one', () => {
    expect(readWrittenNumbers('050 123 1234, Telefaksi 09 123 4567', 'FI').keys).toEqual(['+358501231234']);
  });

  it.each([
    ['050 123 1234, wrong number', []],
    ['050 123 1234; ei käytössä', []],
    ['050 123 1234 / vanha', []],
    ['old, 050 123 1234', []],
    ['050 123 1234, wrong number, 040 123 1234', ['+358401231234']],
    ['040 123 1234; 050 123 1234; gammalt', ['+358401231234']],
    ['old; 050 123 1234; 040 123 1234', ['+358401231234']],
    ['050 123 1234, Fax: 09 123 4567, 040 123 1234', ['+358501231234', '+358401231234']],
  ])('is the number before a remark between commas: %j', (text, keys) => {
    const read = readWrittenNumbers(text, 'FI');
    expect(read.keys).toEqual(keys);
    if (keys.length === 0) expect(read.problem).toMatch('is said');
  });
});
