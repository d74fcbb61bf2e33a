import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller } from '../../plugin-api/index.js';
import type { ProviderContext, VipRecord } from '../../plugin-api/index.js';
import { providerContext } from '../../plugin-api/testing/index.js';
import type { StaticFileOptions } from './static-file.options.js';
import { StaticFileProvider } from './static-file.provider.js';

const AINO = '+358501231234';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A provider that has read a file with that content. */
async function listOf(
  content: string | Buffer,
  name = 'vips.csv',
  options: Omit<StaticFileOptions, 'file'> = {},
  overrides: Partial<ProviderContext<StaticFileOptions>> = {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'static-file-'));
  undo.push(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, name), content);
  const context = providerContext(
    { file: name, ...options },
    { resolvePath: (file) => join(directory, file), ...overrides },
  );
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
        fields: {
          file: 'vips.csv',
          duplicates: ['line 4 repeats line 2 with another tier; that of line 2 is used'],
        },
        message:
          'the list has the same number for the same targets and time more than once; the first entry is used',
      },
    ]);
  });

  it('is read in the encoding that the configuration says, and refused without', async () => {
    const content = Buffer.from(`number,tier,name\n${AINO},gold,P\xe4ivi \x80\n`, 'latin1');
    const { provider } = await listOf(content, 'vips.csv', { encoding: 'windows-1252' });
    const found = [provider.lookup(Caller.read(AINO, 'FI')) as VipRecord[]].flat();
    expect(found[0]!.name).toBe('Päivi €');
    await expect(listOf(content)).rejects.toThrow('or say what it is, for example encoding: windows-1252');
  });

  it('is used without the total below it, which health and log name', async () => {
    const { provider, context } = await listOf(`number,tier\n${AINO},gold\nTotal,1\n`);
    expect(await provider.check()).toMatchObject({
      status: 'degraded',
      entries: 1,
      reason: expect.stringMatching(
        /^vips\.csv is used without some entries: 1 entry left out, the first in line 3: is a note or a total/,
      ),
    });
    expect(context.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('warns of a column that looks like a misspelt field', async () => {
    const { context } = await listOf(`number,tier,valid_until\n${AINO},gold,2020-01-01\n`);
    expect(context.logged.at(-1)).toEqual({
      level: 'warn',
      fields: {
        file: 'vips.csv',
        warnings: ['line 1, valid_until: is read as an attribute; did you mean the column validUntil?'],
      },
      message: 'the list is probably not what was meant',
    });
  });

  it.each([
    [
      'vips.yaml',
      '- { number: 4711, tier: gold }\n- &a { number: 4712, tier: gold, attributes: { x: *a } }\n',
      'vips.yaml is not usable (1 problem):\n- line 2: has aliases (*name) that unfold to too much, or to what they stand in; write the values themselves',
    ],
  ])('tells of an entry without end like of any other: %s', async (name, content, reason) => {
    await expect(listOf(content, name)).rejects.toThrow(reason);
  });

  it.each([
    [
      'vips.csv',
      `number,tier,name\n4712,gold,${'x'.repeat(600_000)}\n4711,gold,\n`,
      'is longer than 512 KiB',
    ],
    [
      'vips.json',
      `[{"number": "4712", "tier": "gold", "attributes": {"x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}},\n{"number": "4711", "tier": "gold"}]`,
      'is nested deeper than 50 levels',
    ],
    [
      'vips.yaml',
      `- { number: 4712, tier: ${'g'.repeat(600_000)} }\n- { number: 4711, tier: gold }\n`,
      'is longer than 512 KiB',
    ],
  ])('is used without an entry that is too large, which degrades it: %s', async (name, content, reason) => {
    const { provider } = await listOf(content, name);
    expect((await provider.countEntries())?.entries).toBe(1);
    const line = name === 'vips.csv' ? 2 : 1;
    expect(await provider.check()).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining(`1 entry left out, the first in line ${line}: ${reason}`) as unknown,
    });
  });
});

describe('the entries of a list in a file', () => {
  it('are counted as they are read', async () => {
    let changes = 0;
    const content = `number,tier\n${AINO},gold\n0501231234,silver\n+358501231235,gold\n050 123 1234 ext. 5,gold\n`;
    const { provider } = await listOf(content, 'vips.csv', {}, { entriesChanged: () => void changes++ });
    expect(changes).toBe(1);
    const tally = (await provider.countEntries())!;
    expect(tally.entries).toBe(4);
    expect([...tally.kinds].map(({ tier, count, places }) => ({ tier, count, places }))).toEqual([
      { tier: 'gold', count: 2, places: [2, 4] },
      { tier: 'silver', count: 1, places: [3] },
      { tier: 'gold', count: 1, places: [5] },
    ]);
    expect(tally.repeats).toEqual({ count: 1, places: [3] });
  });

  it('are none before there is a list', async () => {
    const provider = new StaticFileProvider(providerContext({ file: '/none/vips.csv' }));
    expect(await provider.countEntries()).toBeUndefined();
  });

  it('are told of when a caller is not among them', async () => {
    const { provider } = await listOf(`number,tier\n${AINO},gold\n09-123 4567/8,gold\n`);
    expect(await provider.explain()).toMatch(
      /^its 1 entry does not have this number, or a range with it; vips\.csv is used without some entries: 1 entry left out, the first in line 3/,
    );
  });
});

describe('a file of contacts', () => {
  const OUTLOOK =
    'First Name,Last Name,Business Phone,Business Fax,Categories\n' +
    'Aino,Virtanen,050 123 1234,09 123 4509,VIP;Board\nMatti,Meikäläinen,,,VIP\nOlli,Ostaja,050 123 1235,,Suppliers\n';

  it('is up, whoever is left out on purpose, and health and log say what was taken', async () => {
    const contacts =
      'numbers from Business Phone; left out: Business Fax; 1 contact without a number; 1 contact in no group that tiers names';
    const { provider, context } = await listOf(OUTLOOK, 'people.csv', {
      columns: 'auto',
      tiers: { Board: 'platinum', VIP: 'gold' },
    });
    expect(await provider.check()).toMatchObject({ status: 'up', entries: 1, contacts });
    expect(provider.lookup(Caller.read(AINO, 'FI'))).toEqual({
      number: AINO,
      tier: 'platinum',
      name: 'Aino Virtanen',
    });
    expect(context.logged).toEqual([
      { level: 'info', fields: { file: 'people.csv', entries: 1, contacts }, message: 'the list is loaded' },
    ]);
  });

  it.each([
    ['people.csv', 'Name,Mobile\nAino,\nMatti,\n', '2 contacts without a number'],
    ['people.vcf', 'BEGIN:VCARD\nFN:Aino\nEND:VCARD\n', '1 contact without a number'],
    ['people.json', '{"value":[{"displayName":"Aino","mobilePhone":""}]}', '1 contact without a number'],
    ['people.csv', 'Name,Mobile\nAino,050 123 1234 ext. 12\n', '1 contact without a number'],
  ])('is degraded when none of its contacts becomes an entry: %s %j', async (name, content, why) => {
    const { provider } = await listOf(content, name, { columns: 'auto', tier: 'gold' });
    expect(await provider.check()).toMatchObject({
      status: 'degraded',
      entries: 0,
      reason: expect.stringMatching(`becomes an entry: no numbers.*; ${why}`),
    });
  });

  it('is degraded when nobody is in the groups that count, and up when nobody is in it at all', async () => {
    const options = { columns: 'auto' as const, tiers: { Board: 'gold' } };
    const { provider } = await listOf('Name,Mobile,Group\nAino,0501231234,VIP\n', 'people.csv', options);
    expect(await provider.check()).toMatchObject({ status: 'degraded', entries: 0 });
    const empty = await listOf('Name,Mobile,Group\n', 'people.csv', options);
    expect(await empty.provider.check()).toMatchObject({ status: 'up', entries: 0 });
  });

  it('is degraded by contacts of whom it cannot be said what they are', async () => {
    const { provider } = await listOf(OUTLOOK, 'people.csv', { columns: 'auto' });
    expect(await provider.check()).toMatchObject({
      status: 'degraded',
      entries: 1,
      reason: expect.stringContaining(
        '1 entry left out, the first in line 2, tier: is one of several groups',
      ),
    });
  });

  it('is refused where nothing says that it is one, and says what would', async () => {
    await expect(listOf(OUTLOOK, 'people.csv')).rejects.toThrow(
      'line 1: the file may be an export of contacts; columns: auto and a tier read it, or import --contacts --tier gold',
    );
  });

  it('is refused when it has no column of numbers that is known', async () => {
    await expect(
      listOf('Nimi,Yhteys\nAino,0501231234\n', 'people.csv', { columns: 'auto', tier: 'gold' }),
    ).rejects.toThrow('line 1: the file has no column that is known to hold telephone numbers');
  });
});
