import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contactNumber, startPagingCrm } from '../support/paging-crm.js';
import type { PagingCrm } from '../support/paging-crm.js';
import { cli, Program } from '../support/process.js';
import { KEY, RunningService } from '../support/service.js';
import { until } from '../support/synced-provider.js';

const FIRST = contactNumber(0).phones[0]!;
const COUNT = 250;

let folder: string;
let crm: PagingCrm;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-sync-'));
  crm = await startPagingCrm(...Array.from({ length: COUNT }, (_, n) => contactNumber(n)));
});
afterEach(() => {
  crm.heldFromPage = Infinity;
});
afterAll(async () => {
  await crm?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A configuration whose CRM is copied, and a database of its own. */
async function newEnvironment(): Promise<Record<string, string>> {
  const file = join(folder, `${++files}.yaml`);
  const config = {
    country: 'FI',
    server: { port: 0 },
    credentials: [{ id: 'core', apiKey: KEY }],
    providers: {
      list: { kind: 'static-file', file: './vips.csv' },
      crm: { kind: 'crm-http', ...crm.options() },
    },
    targets: { default: { providers: ['crm'], routes: [{ instructions: { InitialTarget: 'VIP' } }] } },
  };
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
  await writeFile(file, JSON.stringify(config));
  return { SMARTROUTING_CONFIG: file, DATABASE_URL: `sqlite:${join(folder, `${files}.sqlite`)}` };
}

describe('the command sync', () => {
  it('pulls a copy that lookups are then decided from', async () => {
    const env = await newEnvironment();
    const first = await cli(['sync', 'crm'], env);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^crm: pulled everything, 3 pages, in [\d.]+ s\. The copy has 250 contacts \(the first copy\)\.\n$/,
    );
    const second = await cli(['sync', 'crm'], env);
    expect(second.stdout).toMatch(/^crm: pulled what changed \(0\), 1 page, .* \(250 before\)\.\n$/);
    const asked = crm.asked('/search').length;
    const { stdout } = await cli(['lookup', FIRST], env);
    expect(stdout).toMatch(/crm +found \(copy\)/);
    expect(crm.asked('/search')).toHaveLength(asked);
  });

  it.each([
    ['nobody', '"nobody" is not a configured provider. Known: list, crm.\n'],
    ['list', 'list keeps no copy: its kind has none.\n'],
  ])('refuses %s', async (name, stderr) => {
    expect(await cli(['sync', name], await newEnvironment())).toEqual({ code: 1, stdout: '', stderr });
  });

  it('is refused when too few are left, until it is confirmed', async () => {
    const env = await newEnvironment();
    await cli(['sync', 'crm'], env);
    const half = Array.from({ length: COUNT / 2 }, (_, n) => n);
    crm.delete(...half);
    try {
      expect(await cli(['sync', 'crm', '--full'], env)).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'crm was not synced: a pull was refused: it leaves 125 of 250 contacts, 50 % fewer, and sync.maxShrink is 30%. If that is right, confirm it by the command sync crm --full --confirm\n',
      });
      const confirmed = await cli(['sync', 'crm', '--full', '--confirm'], env);
      expect(confirmed.stdout).toContain('The copy has 125 contacts (250 before).');
    } finally {
      crm.put(...half.map(contactNumber));
    }
  });

  it('changes nothing when it is killed in the middle, and another can pull within a minute', async () => {
    const env = await newEnvironment();
    crm.heldFromPage = 3;
    const before = crm.asked('/contacts?page=3').length;
    const killed = new Program('dist/cli/main.js', ['sync', 'crm'], env);
    await until(() => crm.asked('/contacts?page=3').length > before);
    killed.signal('SIGKILL');
    expect((await killed.finished).code).toBeNull();
    crm.heldFromPage = Infinity;

    const next = await cli(['sync', 'crm'], env);
    expect(next).toMatchObject({ code: 0, stderr: '' });
    expect(next.stdout).toMatch(/another instance; waiting for it\.\n.* 250 contacts \(the first copy\)/s);
  }, 90_000);
});

describe('a running service', () => {
  it('decides from the copy, tells its age, picks up what the command pulled, and needs no CRM', async () => {
    const env = await newEnvironment();
    await cli(['sync', 'crm'], env);
    const service = await RunningService.start({}, env);
    const health = async (): Promise<unknown> => {
      const { json } = await service.get('/health');
      return (json as { details: Record<string, unknown> }).details['crm'];
    };
    const call = async (anum: string): Promise<unknown> => {
      const { status, headers } = await service.call({ anum, bnum: '' });
      return [status, headers['x-smartrouting-reason']];
    };
    try {
      expect(await health()).toMatchObject({ status: 'up', entries: COUNT });
      expect((await service.get('/metrics')).body).toMatch(
        /^smartrouting_provider_copy_age_seconds\{provider="crm"\} \d/m,
      );
      crm.delete(1);
      await cli(['sync', 'crm'], env);
      await until(async () => ((await health()) as { entries: number }).entries === COUNT - 1);

      await crm.stop();
      for (let n = 0; n < 8; n++) await call(`+35840000000${n}`);
      expect(await call('+358400000009')).toEqual([204, 'lookup-failed']);
      expect(await health()).toMatchObject({ status: 'degraded', breaker: 'open', entries: COUNT - 1 });
      expect(await call(FIRST)).toEqual([200, 'matched']);
    } finally {
      crm.put(contactNumber(1));
      await crm.stop();
      await crm.start();
      await service.stop();
    }
  }, 60_000);
});
