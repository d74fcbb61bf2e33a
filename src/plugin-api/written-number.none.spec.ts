import { describe, expect, it } from '@jest/globals';
import { readWrittenNumbers } from './written-number.js';

describe('what no call can show', () => {
  it.each([
    ['-12/-13', 'write the whole number'],
    ['-12', 'write the whole number'],
    ['TRUE', 'write the whole number'],
    ['false', 'write the whole number'],
    ['12:30', 'write the whole number'],
    ['08:15:00', 'write the whole number'],
    ['1-800-FLOWERS', 'write the digits'],
    ['800-555-HELP', 'write the digits'],
    ['+1 800 FLOWERS', 'write the digits'],
    ['(800) 555-HELP', 'write the digits'],
  ])('%j is left out', (text, cure) => {
    expect(readWrittenNumbers(text, 'US')).toEqual({ keys: [], problem: expect.stringContaining(cure) });
  });

  it.each(['4711', '4711 B', 'Aino', 'TRUELOVE', 'sip:board@example.com', 'HELP'])(
    '%j stays text',
    (text) => {
      expect(readWrittenNumbers(text, 'FI').keys).toEqual([text]);
    },
  );
});
