import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Libsql from 'libsql';
import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppConfig } from '../../src/app/app.config.js';
import { ConfigStatus } from '../../src/config/config-status.js';
import { LiveConfig } from '../../src/config/live-config.js';
import { LOGGER } from '../../src/observability/logger.js';
import type { Logger } from '../../src/observability/logger.js';
import { LoadMeter } from '../../src/observability/load-meter.js';
import { Authority } from '../support/certificates.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { eventually } from '../support/eventually.js';
import { PausedServer } from '../support/paused-server.js';
import { fakeOnly } from '../support/fake-time.js';
import { logLinesOf } from '../support/log-lines.js';
import { basic, KEY, RunningService } from '../support/service.js';

const VIP = '+358501231234';
const CALL = { anum: VIP, bnum: '+358942415000', targetid: 'SALES_QUEUE' };
const LIST = `number,tier\n${VIP},gold\n`;

interface Parts {
  server?: string;
  credentials?: string;
  providers?: string;
  targets?: string;
  level?: string;
}

const yaml = ({
  server = '{}',
  credentials = `{ id: core, apiKey: ${KEY} }`,
  providers = 'list: { kind: static-file, file: ./vips.csv }',
  targets = 'SALES_QUEUE: { providers: [list], routes: [{ instructions: { InitialTarget: FIRST } }] }',
  level = 'silent',
}: Parts = {}): string => `
server: ${server}
credentials: [${credentials}]
providers:
  ${providers}
targets:
  ${targets}
logging: { level: ${level} }
`;
const target = (provider: string, queue: string): string =>
  `SALES_QUEUE: { providers: [${provider}], routes: [{ instructions: { InitialTarget: ${queue} } }] }`;

let service: RunningService | undefined;
let crm: CrmServer | undefined;
// No deadline comes, and files are looked at when a test wants it.
beforeEach(() => fakeOnly('setTimeout', 'clearTimeout'));
afterEach(async () => {
  await service?.stop();
  await crm?.stop();
  service = crm = undefined;
  jest.useRealTimers();
});

async function start(parts: Parts = {}, files: Record<string, string> = {}): Promise<RunningService> {
  service = await RunningService.start({ 'smartrouting.yaml': yaml(parts), 'vips.csv': LIST, ...files });
  return service;
}

/** Writes another configuration and has it read. */
async function change(parts: Parts | string): Promise<void> {
  const text = typeof parts === 'string' ? parts : yaml(parts);
  await writeFile(join(service!.folder, 'smartrouting.yaml'), text);
  await service!.reload.reload();
}

const configuration = async (): Promise<Record<string, unknown>> =>
  ((await service!.get('/health')).json as { details: Record<string, Record<string, unknown>> }).details[
    'configuration'
  ]!;
const metric = async (name: string): Promise<number> =>
  Number(new RegExp(`^${name} (.*)$`, 'm').exec((await service!.get('/metrics')).body)?.[1]);

describe('another configuration', () => {
  it('decides the next call, and says since when it is in use', async () => {
    await start();
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
    const before = await configuration();
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(String(before['loadedAt']))));
    await change({ targets: target('list', 'SECOND') });
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
    const after = await configuration();
    await service!.reload.reload();
    expect(await configuration()).toEqual(after);
    expect(after).toEqual({ ...before, loadedAt: expect.any(String), hash: expect.any(String) });
    expect(after['hash']).not.toBe(before['hash']);
    expect(String(after['loadedAt']) > String(before['loadedAt'])).toBe(true);
  });

  it('is refused with every problem when it is not usable: the one before stays, health and a metric say so until it is mended', async () => {
    await start();
    await change({ targets: target('lsit', 'SECOND') + '\n  OTHER: { providers: [list], routes: 7 }' });
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
    const refused = await configuration();
    expect(refused).toMatchObject({ status: 'degraded', providers: 1, targets: 1 });
    expect(refused['reason']).toBe(
      'the changed configuration is invalid, the previous one stays in use; the log says why: ' +
        'line 7, targets.SALES_QUEUE.providers[0]; line 8, targets.OTHER.routes',
    );
    expect(await metric('smartrouting_config_last_reload_success')).toBe(0);
    expect((await service!.get('/health')).status).toBe(200);
    await change({
      credentials: `{ id: core, apiKey: "\${file:/run/secrets/none}" }`,
      providers: `"${VIP}": { kind: x }`,
    });
    expect((await service!.get('/health')).body).not.toMatch(/secrets|"x"|no such/);
    await change('a: [');
    expect(String((await configuration())['since']) > String(refused['since'])).toBe(true);
    await change({ targets: target('list', 'SECOND') });
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
    expect(await configuration()).toMatchObject({ status: 'up' });
    expect(await metric('smartrouting_config_last_reload_success')).toBe(1);
  });

  it('is told once for each version, with its own since, also where its problems are the same', async () => {
    // Not `silent`, which a recorded run makes `info` at the start: it would be another configuration.
    const level = 'error';
    await start({ level });
    const error = jest.spyOn(service!.app.get<Logger>(LOGGER), 'error');
    const info = jest.spyOn(service!.app.get<Logger>(LOGGER), 'info');
    // At once, as editors do: an attempt may be under way.
    const put = async (text: string): Promise<void> => {
      await writeFile(join(service!.folder, 'next.yaml'), text);
      await rename(join(service!.folder, 'next.yaml'), join(service!.folder, 'smartrouting.yaml'));
    };
    await service!.reload.watch();
    const bad = yaml({ targets: target('lsit', 'SECOND'), level });
    const sinces: unknown[] = [];
    for (const text of [bad, `${bad}# 2\n`, `${bad}# again\n`]) {
      await put(text);
      // Twice, as the watcher does for a file that has changed just now.
      await service!.reload.watch();
      await service!.reload.watch();
      sinces.push((await configuration())['since']);
      const thenMs = Date.now();
      await eventually(() => expect(Date.now()).toBeGreaterThan(thenMs));
    }
    expect([...new Set(sinces)].sort()).toEqual(sinces);
    expect(error.mock.calls.map(([fields]) => fields)).toEqual(
      Array(3).fill({
        configuration: expect.any(String),
        problems: [expect.stringContaining('"lsit" is not')],
      }),
    );
    expect(info).not.toHaveBeenCalled();
    await put(yaml({ level }));
    await service!.reload.watch();
    await put(`${yaml({ level })}# a remark\n`);
    await service!.reload.watch();
    await service!.reload.watch();
    expect({
      told: info.mock.calls.map(([, message]) => message),
      refused: error.mock.calls.slice(3),
      ...(await configuration()),
    }).toMatchObject({
      told: Array(2).fill('configuration read again without changes'),
      refused: [],
      status: 'up',
    });
  });

  it('is refused when it changes what was taken at the start', async () => {
    await start();
    for (const [server, keys] of [
      ['{ port: 4711 }', ['server.port']],
      ['{ host: 0.0.0.0, path: /other }', ['server.host', 'server.path']],
    ] as const) {
      await change({ server, targets: target('list', 'SECOND') });
      const { reason } = await configuration();
      for (const key of keys) expect(reason).toContain(`line 2, ${key}`);
      expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
    }
    await writeFile(join(service!.folder, 'new.mjs'), 'globalThis.pluginWasRun = true;');
    await change(`plugins: [./new.mjs]\n${yaml()}`);
    expect((await configuration())['reason']).toContain('line 1, plugins');
    expect(globalThis).not.toHaveProperty('pluginWasRun');
  });

  it('leaves nothing changed when one of its providers cannot be made', async () => {
    await start();
    const broken = 'broken: { kind: database, url: "sqlite:./x.sqlite", table: { name: "a" } }';
    await change({
      providers: `list: { kind: static-file, file: ./other.csv }\n  ${broken}`,
      targets: target('list', 'SECOND'),
    });
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
    expect(await configuration()).toMatchObject({ status: 'degraded' });
  });

  describe('that would replace a provider that works by one that a local file keeps from opening', () => {
    const sqlite = (file: string): string =>
      `list: { kind: database, connection: "sqlite:${file}", table: customers, columns: { number: phone, tier: level } }`;
    const customers = async (name: string): Promise<void> => {
      const file = new Libsql(join(service!.folder, name));
      file.exec(`CREATE TABLE customers (phone TEXT, level TEXT)`);
      file.prepare('INSERT INTO customers VALUES (?, ?)').run(VIP, 'gold');
      file.close();
    };
    const list = (file: string, more = ''): string => `list: { kind: static-file, file: ${file}${more} }`;

    async function expectRefused(providers: string): Promise<void> {
      await change({ providers, targets: target('list', 'SECOND') });
      expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
      expect((await configuration())['reason']).toMatch(/; the log says why: line 5, providers.list$/);
      expect(await metric('smartrouting_config_last_reload_success')).toBe(0);
    }

    it.each([
      ['is missing', list('./vip.csv')],
      ['is a folder', list('./folder.csv')],
      ['is not usable', list('./bad.csv')],
      ['is a database that is missing', sqlite('none.sqlite')],
      ['is a database of ours that is missing', 'list: { kind: database, connection: "sqlite:none.sqlite" }'],
      ['is not a database', sqlite('vips.csv')],
      ['is a database without the table', sqlite('empty.sqlite')],
    ])('is refused where the file %s', async (_, providers) => {
      await start({}, { 'bad.csv': 'number,tier\n1,\n', 'folder.csv/x': '', 'empty.sqlite': '' });
      await expectRefused(providers);
    });

    it('is refused where the database that works is a file, and the other is none', async () => {
      await start({}, {});
      await customers('crm.sqlite');
      await change({ providers: sqlite('crm.sqlite') });
      expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
      await expectRefused(sqlite('mcr.sqlite'));
    });

    it('is refused where the list is the same, and by now is none: the one that is loaded stays', async () => {
      await start();
      await writeFile(join(service!.folder, 'vips.csv'), 'number,tier\n1,\n');
      await expectRefused(list('./vips.csv', ', timeout: 900ms'));
      expect((await service!.get('/health')).json).toMatchObject({ details: { list: { entries: 1 } } });
    });

    it('is refused where the provider gets another name', async () => {
      await start();
      await change({
        providers: 'vips: { kind: static-file, file: ./vip.csv }',
        targets: target('vips', 'SECOND'),
      });
      expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'FIRST' });
      expect((await configuration())['reason']).toMatch(/: line 5, providers.vips$/);
    });

    it('is tried again, and used, when the file is there', async () => {
      await start();
      await service!.reload.watch();
      await expectRefused(list('./vip.csv'));
      await writeFile(join(service!.folder, 'vip.csv'), LIST);
      await eventually(async () => {
        await jest.advanceTimersByTimeAsync(500);
        expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
      });
      expect(await configuration()).toMatchObject({ status: 'up' });
    });

    it('is used where a backend that is down is the reason', async () => {
      await start();
      const nobody =
        'list: { kind: database, connection: "mysql://u:p@127.0.0.1:9/d", table: t, columns: { number: n, tier: t } }';
      await change({ providers: nobody, targets: target('list', 'SECOND') });
      expect(await configuration()).toMatchObject({ status: 'up' });
      expect((await service!.call(CALL)).status).toBe(204);
    });

    it('is used where the provider did not work before, or is new', async () => {
      await start({ providers: list('./none.csv') });
      await change({ providers: `${list('./nobody.csv')}\n  more: { kind: static-file, file: ./more.csv }` });
      expect(await configuration()).toMatchObject({ status: 'up', providers: 2 });
    });
  });

  it('does not wait for a certificate that is in use and being replaced', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-reload-'));
    const { cert, key } = await (await Authority.make(folder, 'authority')).sign('service');
    const tls = `{ tls: { cert: ${cert}, key: ${key} } }`;
    await start({ server: tls });
    await writeFile(cert, 'half a certificate');
    await change({ server: tls, targets: target('list', 'SECOND') });
    const { app } = service!;
    expect(
      app.get<LiveConfig<AppConfig>>(LiveConfig).current.targets.get('SALES_QUEUE')!.routes[0]!.instructions,
    ).toEqual({
      InitialTarget: 'SECOND',
    });
    expect(app.get(ConfigStatus).refused.has('file')).toBe(false);
    await change({ server: tls.replace(cert, join(folder, 'none.crt')) });
    expect(app.get(ConfigStatus).refused.get('file')!.reason).toContain('server.tls.cert');
    await rm(folder, { recursive: true });
  });

  it('changes who may call from where, and how much is logged', async () => {
    logLinesOf(await start());
    await change({ server: '{ allowedNetworks: [10.0.0.0/8] }', level: 'debug' });
    expect((await service!.call(CALL)).status).toBe(403);
    expect(service!.app.get<Logger>(LOGGER).level).toBe('debug');
    await change({ server: '{ allowedNetworks: [10.0.0.0/8], trustedProxies: [127.0.0.1] }' });
    const from = { 'X-Benemen-APIKey': KEY, 'X-Forwarded-For': '10.1.2.3' };
    expect((await service!.call(CALL, from)).status).toBe(200);
    await change({ server: '{ allowedNetworks: [10.0.0.0/8] }' });
    expect((await service!.call(CALL, from)).status).toBe(403);
    await change({ server: '{ maxConnections: 77 }' });
    expect(service!.app.getHttpServer().maxConnections).toBe(77);
  });

  it('takes the series of what is not configured any more out of the metrics', async () => {
    await start();
    await service!.call(CALL);
    const series = async () => {
      const { body } = await service!.get('/metrics');
      return ['target="SALES_QUEUE"', 'provider="list"'].map((label) => body.includes(label));
    };
    expect(await series()).toEqual([true, true]);
    await change({
      providers: 'renamed: { kind: static-file, file: ./vips.csv }',
      targets: target('renamed', 'SECOND').replace('SALES_QUEUE', 'default'),
    });
    expect(await series()).toEqual([false, false]);
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
  });

  it('takes a credential that is new, and refuses one that is gone although it was used a moment ago', async () => {
    await start();
    const password = 'scrypt:2jKVlln3TrOWjBgvz6BWPA:-Uj73eqZLuP-xbzDosSD1XZyZWX122D8q649js6rB9I';
    const login = { Authorization: basic('phone', 'demo-password') };
    const both = `{ id: core, apiKey: ${KEY} }, { id: new, username: phone, password: "${password}" }`;
    expect((await service!.call(CALL, login)).status).toBe(401);
    await change({ credentials: both });
    expect((await service!.call(CALL)).status).toBe(200);
    expect((await service!.call(CALL, login)).status).toBe(200);
    await change({ credentials: `{ id: new, username: phone, password: "${password}" }` });
    expect((await service!.call(CALL)).status).toBe(401);
    expect((await service!.call(CALL, login)).status).toBe(200);
    await change({ credentials: `{ id: core, apiKey: another-key-0123456 }` });
    expect((await service!.call(CALL, login)).status).toBe(401);
  });
});

describe('calls in hand and providers', () => {
  const crmAt = (more = ''): string =>
    `crm: { kind: crm-http, url: "${crm!.url}/c?phone={{ number }}", record: "contacts", cache: { ttl: 1h }${more} }`;

  it('finish on the configuration that they began with, and the provider is closed when none can need it', async () => {
    const slow = await PausedServer.start();
    try {
      const provider = `slow: { kind: crm-http, url: "${slow.url}/{{ number }}", record: "$", trustAnswer: true }`;
      await start({ providers: provider, targets: target('slow', 'FIRST') });
      const inHand = service!.call(CALL);
      await eventually(() => expect(slow.held).toHaveLength(1));
      await change({ targets: target('list', 'SECOND') });
      expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
      slow.answer({ tier: 'gold' });
      expect((await inHand).json).toEqual({ InitialTarget: 'FIRST' });
      expect(await slow.openConnections()).toBeGreaterThan(0);
      jest.advanceTimersByTime(16_000);
      await eventually(async () => expect(await slow.openConnections()).toBe(0));
    } finally {
      await slow.stop();
    }
  });

  it('keep their cache and their connections when they have not changed, and lose them when they have', async () => {
    crm = await startCrmServer({ contacts: { [VIP]: { number: VIP, tier: 'gold' } } });
    const list = 'list: { kind: static-file, file: ./vips.csv }\n  ';
    await start({ providers: list + crmAt(), targets: target('crm', 'FIRST') });
    await service!.call(CALL);
    const requests = crm.requests.length;
    const connections = crm.connections;
    await change({ providers: crmAt(), targets: target('crm', 'SECOND') });
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
    expect((await service!.call({ ...CALL, anum: '+358501231299' })).status).toBe(204);
    expect([crm.requests.length, crm.connections]).toEqual([requests + 1, connections]);
    await change({ providers: crmAt(', timeout: 900ms'), targets: target('crm', 'SECOND') });
    expect((await service!.call(CALL)).json).toEqual({ InitialTarget: 'SECOND' });
    expect(crm.requests.length).toBe(requests + 2);
  });

  it.each([
    ['the target', { targets: target('list', 'SECOND').replace('SALES_QUEUE', 'default') }],
    ['what a VIP gets', { targets: target('list', 'SECOND') }],
    [
      'the provider',
      { providers: 'other: { kind: static-file, file: ./vips.csv }', targets: target('other', 'SECOND') },
    ],
    ['the credential', { credentials: `{ id: other, apiKey: another-key-0123456 }` }],
  ])('are decided by what was configured when they were let in, whatever becomes of %s', async (_, next) => {
    await start({ credentials: `{ id: core, apiKey: ${KEY}, targets: [SALES_QUEUE] }` });
    const atTheDoor = jest.spyOn(service!.app.get(LoadMeter), 'mustShed');
    const body = JSON.stringify(CALL);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(service!.url + service!.path, {
        method: 'POST',
        headers: {
          'X-Benemen-APIKey': KEY,
          'Content-Length': body.length,
          'Content-Type': 'application/json',
        },
      });
      sent.on('response', resolve).on('error', reject);
      sent.write(body.slice(0, 5));
      eventually(() => expect(atTheDoor).toHaveBeenCalled())
        .then(() => change(next))
        .then(async () => expect(await configuration()).toMatchObject({ status: 'up' }))
        .then(() => sent.end(body.slice(5)))
        .catch(reject);
    });
    const decided = await answer;
    expect(decided.statusCode).toBe(200);
    expect(JSON.parse(Buffer.concat(await decided.toArray()).toString())).toEqual({ InitialTarget: 'FIRST' });
  });
});

describe('watched files', () => {
  const eventuallySeen = (look: () => Promise<void>): Promise<void> =>
    eventually(() => {
      jest.advanceTimersByTime(500);
      return look();
    });
  const becomes = (queue: string): Promise<void> =>
    eventuallySeen(async () => expect((await service!.call(CALL)).json).toEqual({ InitialTarget: queue }));
  const inFolder = (name: string): string => join(service!.folder, name);

  it('are read again when they are written, renamed over, or swapped behind links as Kubernetes does it', async () => {
    await start();
    await service!.reload.watch();
    await writeFile(inFolder('smartrouting.yaml'), yaml({ targets: target('list', 'WRITTEN') }));
    await becomes('WRITTEN');
    await writeFile(inFolder('new'), yaml({ targets: target('list', 'RENAMED') }));
    await rename(inFolder('new'), inFolder('smartrouting.yaml'));
    await becomes('RENAMED');
    await writeFile(inFolder('v1'), yaml({ targets: target('list', 'LINKED') }));
    await writeFile(inFolder('v2'), yaml({ targets: target('list', 'SWAPPED') }));
    await symlink('v1', inFolder('..data'));
    await unlink(inFolder('smartrouting.yaml'));
    await symlink('..data', inFolder('smartrouting.yaml'));
    await becomes('LINKED');
    await symlink('v2', inFolder('..data_tmp'));
    await rename(inFolder('..data_tmp'), inFolder('..data'));
    await becomes('SWAPPED');
  });

  it('are those of secrets as well, also one that was missing', async () => {
    await start({ credentials: `{ id: core, apiKey: "\${file:./key}" }` }, { key: `${KEY}\n` });
    await service!.reload.watch();
    const login = (key: string) => service!.call(CALL, { 'X-Benemen-APIKey': key });
    expect((await login(KEY)).status).toBe(200);
    await unlink(inFolder('key'));
    await eventuallySeen(async () => expect(await configuration()).toMatchObject({ status: 'degraded' }));
    expect((await configuration())['reason']).toContain('line 3, credentials[0].apiKey');
    expect((await login(KEY)).status).toBe(200);
    await writeFile(inFolder('key'), 'rotated-key-0123456789');
    await eventuallySeen(async () => expect((await login('rotated-key-0123456789')).status).toBe(200));
    expect((await login(KEY)).status).toBe(401);
    expect((await configuration())['status']).toBe('up');
  });
});
