import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { renameSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually.js';
import { Caller } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { providerContext } from '../../plugin-api/testing/index.js';
import type { StaticFileOptions } from './static-file.options.js';
import { StaticFileProvider } from './static-file.provider.js';

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const AINO = '+358501231234';
const GOOD = `number,tier\n${AINO},gold\n`;
const BETTER = `number,tier\n${AINO},platinum\n4711,gold\n`;
const BAD = `number,tier\n${AINO},gold\n4711,\n`;
const BAD_SUMMARY =
  'vips.csv has 1 problem, the first in line 3, tier: is missing; write the tier that routes name, for example gold';

class QuickStaticFileProvider extends StaticFileProvider {
  protected override readonly pollMs = 20;
}

describe('a VIP list in a file', () => {
  let directory: string;
  let path: string;
  let provider: StaticFileProvider;
  let context: ReturnType<typeof providerContext<StaticFileOptions>>;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'static-file-'));
    path = join(directory, 'vips.csv');
    context = providerContext({ file: 'vips.csv' }, { resolvePath: (file) => join(directory, file) });
    provider = new QuickStaticFileProvider(context);
  });
  afterEach(async () => {
    await provider.close();
    await rm(directory, { recursive: true });
  });

  const find = async (number: string) =>
    provider.lookup(Caller.read(number, 'FI')) as VipRecord[] | VipRecord | null;
  const tierOf = async (number: string) => [(await find(number)) ?? []].flat()[0]?.tier;
  const errors = () => context.logged.filter(({ level }) => level === 'error');
  const untilStatus = (status: 'up' | 'degraded') =>
    eventually(async () => expect(await provider.check()).toMatchObject({ status }));
  const untilBetter = () => eventually(async () => expect(await tierOf(AINO)).toBe('platinum'));
  /** What is in use was found to be what lies on disk, after now. */
  const untilConfirmed = async () => {
    const sinceMs = performance.now();
    await eventually(() => performance.now() - provider.copyAgeSeconds() * 1000 > sinceMs);
  };
  /** Does something whenever the bytes of the file are there and are about to be read as a list. */
  const whileRead = (act: () => void) => {
    provider = new QuickStaticFileProvider({
      ...context,
      get country() {
        act();
        return context.country;
      },
    });
  };

  it('is used from its opening on, and says so', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    expect(await find(AINO)).toEqual({ number: AINO, tier: 'gold' });
    expect(await find('4711')).toBeNull();
    expect(await provider.check()).toEqual({
      status: 'up',
      entries: 1,
      loadedAt: expect.stringMatching(ISO_TIME),
    });
    expect(context.logged).toEqual([
      { level: 'info', fields: { file: 'vips.csv', entries: 1 }, message: 'the list is loaded' },
    ]);
  });

  it('gives every record that fits a number, expired ones and those for other targets too', async () => {
    await writeFile(
      path,
      'number,tier,targets,validUntil\n+35850*,range,,\n050 1231234,expired,,2020-01-01\n00358501231234,other,SUPPORT,\n',
    );
    await provider.open();
    expect([(await find(AINO)) ?? []].flat().map(({ tier }) => tier)).toEqual(['expired', 'other', 'range']);
  });

  it('has an age that stays low while it is what lies on disk, and grows while that is refused or gone', async () => {
    await provider.open().catch(() => undefined);
    expect(provider.copyAgeSeconds()).toBeGreaterThanOrEqual(0);
    await writeFile(path, GOOD);
    await untilStatus('up');
    const grows = async () => {
      const age = provider.copyAgeSeconds();
      const startedMs = performance.now();
      await sleep(80);
      const passedMs = performance.now() - startedMs;
      expect((provider.copyAgeSeconds() - age) * 1000).toBeGreaterThanOrEqual(passedMs);
    };
    await untilConfirmed();
    for (const spoil of [() => writeFile(path, BAD), () => rm(path)]) {
      await spoil();
      await untilStatus('degraded');
      await grows();
      await writeFile(path, GOOD);
      await untilStatus('up');
      await untilConfirmed();
    }
  });

  it('is read again when it is written to in place', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    await writeFile(path, BETTER);
    await untilBetter();
    expect(await provider.check()).toMatchObject({ status: 'up', entries: 2 });
  });

  it('is read again when an editor puts a new file in its place', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    await writeFile(join(directory, '.vips.csv.swp'), BETTER);
    await rename(join(directory, '.vips.csv.swp'), path);
    await untilBetter();
  });

  it('stays in use when the new version is bad; log and health say why, until it is good again', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    const { loadedAt } = await provider.check();
    await writeFile(path, BAD);
    await untilStatus('degraded');
    expect(await provider.check()).toEqual({
      status: 'degraded',
      reason: expect.stringMatching(
        new RegExp(`^${BAD_SUMMARY}; refused since \\S+Z, the list of ${loadedAt} is used$`),
      ),
      entries: 1,
      loadedAt,
    });
    expect(await tierOf(AINO)).toBe('gold');
    expect(errors()).toEqual([
      {
        level: 'error',
        fields: {
          file: 'vips.csv',
          problems: [
            'vips.csv is not usable (1 problem):',
            'line 3, tier: is missing; write the tier that routes name, for example gold',
          ],
          loadedAt,
        },
        message: 'the changed list cannot be used; the previous one stays in use',
      },
    ]);
    await writeFile(path, BETTER);
    await untilStatus('up');
    expect(await tierOf(AINO)).toBe('platinum');
    expect(await provider.check()).not.toHaveProperty('reason');
  });

  it('tells each bad version once, with the time of its own since when it is refused, also where its problems are the same', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    const since = async () => /refused since (\S+),/.exec((await provider.check()).reason ?? '')?.[1];
    await writeFile(path, BAD);
    await untilStatus('degraded');
    const first = await since();
    await appendFile(path, '4712,\n');
    await eventually(async () =>
      expect((await provider.check()).reason).toMatch(/^vips\.csv has 2 problems/),
    );
    const second = await since();
    expect(second! > first!).toBe(true);
    expect(errors()).toHaveLength(2);
    const bad = await readFile(path, 'utf8');
    await writeFile(path, `${bad}\n`);
    await eventually(() => expect(errors()).toHaveLength(3));
    expect((await since())! > second!).toBe(true);
    expect(errors()[2]!.fields).toEqual(errors()[1]!.fields);
    const third = await since();
    // The same content again is no other version.
    await writeFile(path, `${bad}\n`);
    const soonMs = performance.now() + 100;
    await eventually(() => expect(performance.now()).toBeGreaterThan(soonMs));
    expect([await since(), errors().length]).toEqual([third, 3]);
  });

  it('stays in use when the file is deleted, also when the same file comes back', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    await rm(path);
    await untilStatus('degraded');
    expect((await provider.check()).reason).toMatch(/^vips\.csv does not exist; refused since /);
    expect(await tierOf(AINO)).toBe('gold');
    expect(errors()).toEqual([
      {
        level: 'error',
        fields: {
          file: 'vips.csv',
          problems: ['vips.csv does not exist'],
          loadedAt: expect.stringMatching(ISO_TIME),
        },
        message: 'the changed list cannot be used; the previous one stays in use',
      },
    ]);
    await writeFile(path, GOOD);
    await untilStatus('up');
  });

  it('may be missing at the start, and is used as soon as it is there', async () => {
    await expect(provider.open()).rejects.toMatchObject({
      name: 'VipFileError',
      message: 'vips.csv does not exist',
    });
    const noList = { name: 'VipLookupError', message: 'no list loaded: vips.csv does not exist' };
    await expect(find(AINO)).rejects.toMatchObject(noList);
    await expect(provider.check()).rejects.toMatchObject(noList);
    expect(context.logged).toEqual([]);
    await writeFile(path, GOOD);
    await untilStatus('up');
    expect(await tierOf(AINO)).toBe('gold');
  });

  it('may be bad at the start: opening names every problem, the others are used until it is good', async () => {
    await writeFile(path, `${BAD}${AINO},gold,"x\n`);
    await expect(provider.open()).rejects.toMatchObject({
      name: 'VipFileError',
      message:
        'vips.csv is not usable (2 problems):\n' +
        '- line 3, tier: is missing; write the tier that routes name, for example gold\n' +
        '- line 4: has a double quote that is never closed; what follows was not read',
    });
    expect(await tierOf(AINO)).toBe('gold');
    expect(await provider.check()).toEqual({
      status: 'degraded',
      reason: expect.stringMatching(
        /^vips\.csv is used without some entries: 2 problems, the first in line 3, tier: is missing; .*, since 2/,
      ),
      entries: 1,
      loadedAt: expect.any(String),
    });
    await writeFile(path, BAD);
    await eventually(() => expect(errors()).toHaveLength(2));
    expect(errors()[1]?.message).toBe('a part of the list cannot be used; the other entries are loaded');
    await writeFile(path, GOOD);
    await untilStatus('up');
  });

  it('fails lookups before it is opened', async () => {
    await expect(find(AINO)).rejects.toThrow('no list loaded: vips.csv is still being read');
  });

  it('is not announced again when it was touched but says the same', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    const { loadedAt } = await provider.check();
    await writeFile(path, GOOD);
    await untilConfirmed();
    await writeFile(path, BETTER);
    await untilBetter();
    expect(context.logged.map(({ message }) => message)).toEqual([
      'the list is loaded',
      'the list is loaded',
    ]);
    expect((await provider.check()).loadedAt).not.toBe(loadedAt);
  });

  it('is not used in a version that was replaced while it was read', async () => {
    await writeFile(path, GOOD);
    await writeFile(join(directory, 'newest.csv'), BETTER);
    let readings = 0;
    whileRead(() => {
      if (++readings === 2) renameSync(join(directory, 'newest.csv'), path);
    });
    await provider.open();
    await writeFile(path, `number,tier\n${AINO},silver\n4711,gold\n4712,gold\n`);
    await untilBetter();
    expect(context.logged.map(({ fields }) => fields)).toEqual([
      { file: 'vips.csv', entries: 1 },
      { file: 'vips.csv', entries: 2 },
    ]);
    expect(readings).toBe(3);
  });

  it('never shows a number in health or logs', async () => {
    await writeFile(path, GOOD);
    await provider.open();
    await writeFile(path, `number,tier\n${AINO},\n${AINO}",x\n`);
    await untilStatus('degraded');
    expect(JSON.stringify([context.logged, await provider.check()])).not.toContain(AINO.slice(1));
  });

  it('is let go of in the middle of being read', async () => {
    const rows = Array.from({ length: 10_000 }, (_, at) => `+35850${1_000_000 + at},gold`);
    await writeFile(path, `number,tier\n${rows.join('\n')}\n`);
    let closing: Promise<void> | undefined;
    whileRead(() => {
      closing = provider.close();
    });
    await provider.open();
    await closing;
    await expect(find(AINO)).rejects.toMatchObject({ name: 'VipLookupError' });
    expect(context.logged).toEqual([]);
  });
});
