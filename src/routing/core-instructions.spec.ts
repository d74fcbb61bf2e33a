import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { coreInstructions } from './core-instructions.js';

describe('the instructions that Core documents', () => {
  it('are all in docs/configuration.md, as texts or numbers', async () => {
    const page = await readFile('docs/configuration.md', 'utf8');
    const names = (type: 'string' | 'number'): string =>
      coreInstructions(type)
        .map((name) => `\`${name}\``)
        .join(' and ');
    expect(page).toContain(`${names('string')} are texts, ${names('number')} numbers.`);
  });
});
