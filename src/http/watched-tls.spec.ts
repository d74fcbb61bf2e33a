import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { Authority } from '../../test/support/certificates.js';
import type { CertificateFiles } from '../../test/support/certificates.js';
import { eventually } from '../../test/support/eventually.js';
import { visitTls } from '../../test/support/tls-visit.js';
import type { Visit } from '../../test/support/tls-visit.js';
import { ConfigStatus } from '../config/config-status.js';
import { createLogger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { readTls } from './read-tls.js';
import type { TlsFiles } from './read-tls.js';
import { WatchedTls } from './watched-tls.js';

const POLL_MS = 20;
/** No test takes so long. */
const FOR_EVER_MS = 1e9;

let certificates: string;
let folder: string;
let authority: Authority;
let first: CertificateFiles;
let second: CertificateFiles;
let other: CertificateFiles;
let inUse: CertificateFiles;
let server: Server;
let port: number;
let watched: WatchedTls;
let status: ConfigStatus;
let refuse: jest.SpiedFunction<ConfigStatus['refuse']>;
let metrics: MetricsService;
let lines: Record<string, unknown>[];
/** How often files that do not fit were given time. */
let waits: number;

beforeAll(async () => {
  certificates = await mkdtemp(join(tmpdir(), 'smartrouting-certificates-'));
  authority = await Authority.make(certificates, 'authority');
  first = await authority.sign('first');
  second = await authority.sign('second');
  other = await authority.sign('other');
});
afterAll(() => rm(certificates, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-watched-tls-'));
  inUse = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  await replace(first);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await watched.close();
  await rm(folder, { recursive: true, force: true });
});

async function serve(files: TlsFiles, pairWaitMs = FOR_EVER_MS): Promise<void> {
  const material = await readTls(files);
  server = createServer({ ...material.options }, (_request, response) => response.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  status = new ConfigStatus();
  metrics = new MetricsService();
  lines = [];
  const logger = createLogger(
    { level: 'info', numbers: 'masked' },
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  waits = 0;
  const times = {
    pollMs: POLL_MS,
    get pairWaitMs() {
      waits++;
      return pairWaitMs;
    },
  };
  watched = new WatchedTls(server, material, logger, status, metrics, times);
  refuse = jest.spyOn(status, 'refuse');
}

async function replace({ cert, key }: CertificateFiles): Promise<void> {
  await copyFile(cert, inUse.cert);
  await copyFile(key, inUse.key);
}

/** Whole from the first moment. */
async function put(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}

const visit = (options: ConnectionOptions = {}): Promise<Visit> => visitTls(port, options);
const shows = async (name: string): Promise<void> => expect((await visit()).name).toBe(name);
const refused = (): void => expect(status.refused.size).toBe(1);
const messages = (): unknown[] => lines.map(({ msg }) => msg);

describe('a certificate on disk', () => {
  it('is taken over when both files are written anew, told once, while open connections go on', async () => {
    await serve(inUse);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = async (): Promise<TLSSocket> => {
      const sent = request({ port, host: '127.0.0.1', agent, rejectUnauthorized: false }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      return answer.socket as TLSSocket;
    };
    const socket = await get();
    await replace(second);
    await eventually(() => shows('second'));
    expect(await get()).toBe(socket);
    agent.destroy();
    expect(lines[0]).toMatchObject({ level: 'info', cert: inUse.cert, validUntil: expect.any(String) });
    await replace(first);
    await eventually(() => shows('first'));
    expect(messages()).toEqual(['certificate read again', 'certificate read again']);
  });

  it('is taken over when other files take their place', async () => {
    await serve(inUse);
    await put(second.cert, inUse.cert);
    await put(second.key, inUse.key);
    await eventually(() => shows('second'));
    expect(messages()).toEqual(['certificate read again']);
  });

  it('is taken over when a mounted Kubernetes secret is swapped by its symbolic link', async () => {
    for (const [name, pair] of Object.entries({ one: first, two: second })) {
      await mkdir(join(folder, name));
      await copyFile(pair.cert, join(folder, name, 'tls.crt'));
      await copyFile(pair.key, join(folder, name, 'tls.key'));
    }
    const mounted = join(folder, 'secret');
    await mkdir(mounted);
    await symlink('../one', join(mounted, '..data'));
    for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(mounted, name));
    await serve({ cert: join(mounted, 'tls.crt'), key: join(mounted, 'tls.key') });
    await shows('first');
    await symlink('../two', join(mounted, '..new'));
    await rename(join(mounted, '..new'), join(mounted, '..data'));
    await eventually(() => shows('second'));
    expect(messages()).toEqual(['certificate read again']);
  });

  it('is waited for when one of its two files is there first', async () => {
    await serve(inUse);
    await copyFile(second.cert, inUse.cert);
    await eventually(() => expect(waits).toBe(1));
    await copyFile(second.key, inUse.key);
    await eventually(() => shows('second'));
    expect(refuse).not.toHaveBeenCalled();
    expect(messages()).toEqual(['certificate read again']);
  });

  it('is refused when it stays wrong, told once, and the old one stays until it is mended', async () => {
    await serve(inUse, 1);
    await put(second.cert, inUse.cert);
    await eventually(refused);
    const problem = 'server.tls has a certificate and a key that do not match. Name PEM files that do';
    expect(status.refused.get('certificate')).toMatchObject({
      reason: `the changed certificate is not in use: ${problem}`,
    });
    await shows('first');
    await put(second.cert, inUse.cert);
    await eventually(() => expect(refuse.mock.calls.length).toBeGreaterThan(1));
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        msg: 'changed certificate is not usable, the old one stays',
        problem,
      }),
    ]);
    await put(first.cert, inUse.cert);
    await eventually(() => expect(status.refused.size).toBe(0));
    await rm(inUse.key);
    await eventually(refused);
    expect(status.refused.get('certificate')!.reason).toContain(
      'server.tls.key names a file that does not exist',
    );
    await replace(second);
    await eventually(() => shows('second'));
    expect(status.refused.size).toBe(0);
  });

  it('gives health and metrics its end', async () => {
    const soon = await authority.sign('soon', { days: 7 });
    await serve(inUse);
    const periodOf = async (cert: string): Promise<number> =>
      (await readTls({ ...soon, cert, key: cert.replace('.crt', '.key') })).period.validUntilMs;
    const metric = async (): Promise<number> => {
      const text = await metrics.registry.getSingleMetricAsString(
        'smartrouting_tls_certificate_expiry_timestamp_seconds',
      );
      return Number(/ (\d+)$/m.exec(text)![1]);
    };
    expect(await metric()).toBe((await periodOf(first.cert)) / 1000);
    await replace(soon);
    await eventually(() => shows('soon'));
    expect(await metric()).toBe((await periodOf(soon.cert)) / 1000);
    expect(status.certificate!.validUntilMs).toBe(await periodOf(soon.cert));
    expect(messages()).toEqual(['certificate warning', 'certificate read again']);
    expect(lines[0]!['warning']).toContain('within 14 days');
  });
});

describe('sessions', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    '%s are resumed before and after a change, and a session of before connects anew',
    async (maxVersion) => {
      await serve(inUse);
      const { session } = await visit({ maxVersion });
      expect(await visit({ maxVersion, session })).toMatchObject({ resumed: true });
      await replace(second);
      await eventually(() => shows('second'));
      const anew = await visit({ maxVersion, session });
      expect(anew).toMatchObject({ name: 'second', resumed: false });
      expect(await visit({ maxVersion, session: anew.session })).toMatchObject({ resumed: true });
    },
  );
});

describe('use', () => {
  it('takes over other files, and watches them instead', async () => {
    await serve(inUse);
    const files = { cert: join(folder, 'other.crt'), key: join(folder, 'other.key') };
    await copyFile(other.cert, files.cert);
    await copyFile(other.key, files.key);
    watched.use(await readTls(files));
    await shows('other');
    await rm(inUse.cert);
    await copyFile(second.key, files.key);
    await copyFile(second.cert, files.cert);
    await eventually(() => shows('second'));
    expect(refuse).not.toHaveBeenCalled();
  });

  it('forgets a refusal of the files before', async () => {
    await serve(inUse, 1);
    await rm(inUse.cert);
    await eventually(refused);
    watched.use(await readTls(second));
    expect(status.refused.size).toBe(0);
  });

  it('refuses client certificates from now on or no longer, and the old stays', async () => {
    await serve(inUse);
    const more = await readTls({ ...second, clientCa: authority.files.cert });
    expect(() => watched.use(more)).toThrow('server.tls.clientCa was added or removed. That needs a restart');
    await shows('first');
  });
});

describe('client certificates', () => {
  it('of a withdrawn authority are refused after the change, resumed sessions included', async () => {
    const clients = await Authority.make(folder, 'clients');
    const others = authority;
    const load = async (by: Authority, name: string): Promise<ConnectionOptions> => {
      const { options } = await readTls(await by.sign(name));
      return { cert: options.cert as string, key: options.key as string };
    };
    const client = await load(clients, 'client');
    const clientCa = join(folder, 'client-ca.crt');
    await copyFile(clients.files.cert, clientCa);
    await serve({ ...inUse, clientCa });
    const { session } = await visit(client);
    expect(await visit({ ...client, session })).toMatchObject({ resumed: true });
    await expect(visit()).rejects.toThrow();
    await expect(visit(await load(others, 'stranger'))).rejects.toThrow();

    await copyFile(others.files.cert, clientCa);
    await eventually(() => expect(messages()).toContain('certificate read again'));
    await expect(visit(client)).rejects.toThrow();
    await expect(visit({ ...client, session })).rejects.toThrow();
    expect(await visit(await load(others, 'stranger'))).toMatchObject({ name: 'first' });
  });
});
