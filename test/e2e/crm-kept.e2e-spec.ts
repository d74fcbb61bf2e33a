import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandHere, commandHere } from '../support/command.js';
import { AINO, CrmTrial } from '../support/describe-with-crm.js';
import { eventually } from '../support/eventually.js';
import { contactNumber, startPagingCrm } from '../support/paging-crm.js';
import type { PagingCrm } from '../support/paging-crm.js';
import { Program } from '../support/process.js';
import { KEY, RunningService } from '../support/service.js';

const FIRST = contactNumber(0).phones[0]!;
const COUNT = 250;

let folder: string;
let crm: PagingCrm;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-kept-'));
  crm = await startPagingCrm(...Array.from({ length: COUNT }, (_, n) => contactNumber(n)));
});
afterEach(() => {
  crm.heldFromPage = Infinity;
});
afterAll(async () => {
  await crm?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Environment extends Record<string, string> {
  readonly SMARTROUTING_CONFIG: string;
  readonly DATABASE_URL: string;
}

/** A configuration whose CRM is copied, unless told otherwise, and a database of its own. */
async function newEnvironment(provider: object = crm.options()): Promise<Environment> {
  const file = join(folder, `${++files}.yaml`);
  const config = {
    country: 'FI',
    logging: { level: 'silent' },
    server: { port: 0 },
    credentials: [{ id: 'core', apiKey: KEY }],
    providers: {
      list: { kind: 'static-file', file: './vips.csv' },
      table: { kind: 'database' },
      crm: { kind: 'crm-http', timeout: '4500ms', ...provider },
    },
    targets: {
      default: {
        providers: ['crm'],
        routes: [{ instructions: { InitialTarget: 'VIP' } }],
        deadline: '4500ms',
      },
    },
  };
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
  await writeFile(file, JSON.stringify(config));
  return { SMARTROUTING_CONFIG: file, DATABASE_URL: `sqlite:${join(folder, `${files}.sqlite`)}` };
}

/** Sets the end of what an instance may do exclusively; it is half a minute away when one dies. */
function endLeasesAt({ DATABASE_URL }: Environment, ms: number): void {
  const database = new Database(DATABASE_URL.slice('sqlite:'.length));
  database.exec(`UPDATE provider_lease SET expires_ms = ${ms}`);
  database.close();
}

/** Status and reason of the answer to a call. */
async function call(service: RunningService, anum: string): Promise<unknown> {
  const { status, headers } = await service.call({ anum, bnum: '' });
  return [status, headers['x-smartrouting-reason']];
}

describe('the command sync', () => {
  it('pulls a copy that lookups are then decided from', async () => {
    const env = await newEnvironment();
    expect(await commandHere(['sync', 'crm'], env)).toMatch(
      /^crm: pulled everything, 3 pages, in [\d.]+ s\. The copy has 250 contacts \(the first copy\)\.\n$/,
    );
    expect(await commandHere(['sync', 'crm'], env)).toMatch(
      /^crm: pulled what changed \(0\), 1 page, .* \(250 before\)\.\n$/,
    );
    const asked = crm.asked('/search').length;
    expect(await commandHere(['lookup', FIRST], env)).toMatch(/crm +found \(copy\)/);
    expect(crm.asked('/search')).toHaveLength(asked);
  });

  it.each([
    ['nobody', '"nobody" is not a configured provider. Known: list, table, crm.'],
    ['table', 'table has no list or copy to sync: it is asked about each caller.'],
  ])('refuses %s', async (name, message) => {
    await expect(commandHere(['sync', name], await newEnvironment())).rejects.toMatchObject({
      name: 'CliError',
      message,
    });
  });

  it('is refused when too few are left, until it is confirmed', async () => {
    const env = await newEnvironment();
    await commandHere(['sync', 'crm'], env);
    const half = Array.from({ length: COUNT / 2 }, (_, n) => n);
    crm.delete(...half);
    try {
      await expect(commandHere(['sync', 'crm', '--full'], env)).rejects.toMatchObject({
        name: 'CliError',
        message:
          'crm was not synced: a pull was refused: it leaves 125 of 250 contacts, 50 % fewer, and sync.maxShrink is 30%. If that is correct, confirm it with the command sync crm --full --confirm',
      });
      expect(await commandHere(['sync', 'crm', '--full', '--confirm'], env)).toContain(
        'The copy has 125 contacts (250 before).',
      );
    } finally {
      crm.put(...half.map(contactNumber));
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'gives its right to pull back when it is stopped by %s',
    async (signal) => {
      const env = await newEnvironment();
      crm.heldFromPage = 3;
      const before = crm.asked('/contacts?page=3').length;
      const stopped = new Program('dist/cli/main.js', ['sync', 'crm'], env);
      await eventually(() => crm.asked('/contacts?page=3').length > before);
      stopped.signal(signal);
      expect(await stopped.finished).toEqual({
        code: 1,
        stdout: '',
        stderr: `crm was not synced: stopped by ${signal}; nothing was changed\n`,
      });
      crm.heldFromPage = Infinity;
      expect(await commandHere(['sync', 'crm'], env)).toMatch(/^crm: pulled everything/);
    },
  );

  it('changes nothing when it is killed in the middle, and another waits until it can pull', async () => {
    const env = await newEnvironment();
    crm.heldFromPage = 3;
    const before = crm.asked('/contacts?page=3').length;
    const killed = new Program('dist/cli/main.js', ['sync', 'crm'], env);
    await eventually(() => crm.asked('/contacts?page=3').length > before);
    killed.signal('SIGKILL');
    expect((await killed.finished).code).toBeNull();
    endLeasesAt(env, Date.now() + 3_600_000);
    crm.heldFromPage = Infinity;

    const next = new CommandHere(['sync', 'crm'], env);
    await eventually(() => expect(next.stdout).toMatch(/another instance; waiting for it\.\n$/));
    endLeasesAt(env, 0);
    expect(await next.finished).toMatch(/ 250 contacts \(the first copy\)/);
  });
});

describe('a running service', () => {
  it('decides from the copy, tells its age, and needs no CRM', async () => {
    const env = await newEnvironment();
    await commandHere(['sync', 'crm'], env);
    const service = await RunningService.start({}, env);
    const health = async (): Promise<unknown> => {
      const { json } = await service.get('/health');
      return (json as { details: Record<string, unknown> }).details['crm'];
    };
    try {
      expect(await health()).toMatchObject({ status: 'up', entries: COUNT });
      expect((await service.get('/metrics')).body).toMatch(
        /^smartrouting_provider_copy_age_seconds\{provider="crm"\} \d/m,
      );
      await crm.stop();
      for (let n = 0; n < 8; n++) await call(service, `+35840000000${n}`);
      expect(await call(service, '+358400000009')).toEqual([204, 'lookup-failed']);
      expect(await health()).toMatchObject({
        status: 'degraded',
        breaker: expect.stringMatching(/open$/),
        entries: COUNT,
      });
      expect(await call(service, FIRST)).toEqual([200, 'matched']);
    } finally {
      await crm.start();
      await service.stop();
    }
  });

  it('keeps a refresh token that is being changed when it stops, and goes on with that', async () => {
    const trial = new CrmTrial();
    await trial.begin();
    try {
      const server = await trial.tokenServer();
      const provider = {
        url: `${trial.crm.url}/contacts?phone={{ number }}`,
        record: 'contacts',
        auth: server.refreshAuth(),
      };
      const env = await newEnvironment({ ...provider, timeout: '200ms' });
      const { SMARTROUTING_CONFIG } = await newEnvironment(provider);
      const service = await RunningService.start({}, env);
      server.expireAll();
      server.mode = 'hold';
      await eventually(async () => {
        await call(service, AINO);
        return server.held === 1;
      });
      const stopping = service.stop();
      await eventually(() => expect(call(service, AINO)).rejects.toMatchObject({ code: 'ECONNREFUSED' }));
      server.release();
      await stopping;

      const restarted = await RunningService.start({}, { ...env, SMARTROUTING_CONFIG });
      server.expireAll();
      expect(await call(restarted, AINO)).toEqual([200, 'matched']);
      await restarted.stop();
      expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
    } finally {
      await trial.end();
    }
  });
});
