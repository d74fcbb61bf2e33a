import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { providerContext } from '../../plugin-api/testing/index.js';
import { StaticFileProvider } from './static-file.provider.js';

const AINO = '+358501231234';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A provider that has read `vips.csv` with that content. */
async function listOf(content: string) {
  const directory = await mkdtemp(join(tmpdir(), 'static-file-'));
  undo.push(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'vips.csv'), content);
  const context = providerContext({ file: 'vips.csv' }, { resolvePath: (file) => join(directory, file) });
  const provider = new StaticFileProvider(context);
  undo.push(() => provider.close());
  await provider.open();
  return { provider, context };
}

describe('a VIP list in a file', () => {
  it('is used with duplicates, the first entry winning, and a warning that names the lines', async () => {
    const { provider, context } = await listOf(
      `number,tier,vip_name\n${AINO},gold,\n4711,gold,\n050 123 1234,silver,\n`,
    );
    expect((await provider.check()).status).toBe('up');
    const found = [provider.lookup(Caller.read(AINO, 'FI')) as VipRecord[]].flat();
    expect(found[0]!.tier).toBe('gold');
    expect(context.logged.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        fields: { file: 'vips.csv', duplicates: ['line 4 repeats line 2'] },
        message:
          'vips.csv lists the same number for the same targets and time more than once; the first entry is used',
      },
    ]);
  });

  it('warns of a column that looks like a misspelt field', async () => {
    const { context } = await listOf(`number,tier,valid_until\n${AINO},gold,2020-01-01\n`);
    expect(context.logged.at(-1)).toEqual({
      level: 'warn',
      fields: {
        file: 'vips.csv',
        warnings: ['line 1, valid_until: is read as an attribute; did you mean the column validUntil?'],
      },
      message:
        'vips.csv is probably not what was meant, line 1, valid_until: is read as an attribute; did you mean the column validUntil?',
    });
  });
});
