import { describe, expect, it } from '@jest/globals';
import { readNumber } from '../phone-number.js';
import { NUMBER_SAMPLES } from './samples.js';

const WRITTEN = NUMBER_SAMPLES.flatMap(({ country, e164, written }) =>
  written.map((text) => ({ country, e164, text })),
);

describe('the samples of telephone numbers', () => {
  it.each(WRITTEN)('$text in $country is $e164', ({ country, e164, text }) => {
    expect(readNumber(text, country).key).toBe(e164);
  });
});
