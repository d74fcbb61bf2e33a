import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { databaseUrlSeen, ROOT } from './files.js';

const run = promisify(execFile);
const FILE = join(ROOT, 'compose.yaml');
const text = await readFile(FILE, 'utf8');
const compose = parse(text) as {
  services: Record<
    string,
    Record<string, unknown> & { command: string[]; volumes: object[]; secrets: string[] }
  >;
  secrets: Record<string, { file: string }>;
  networks: Record<string, { ipam: { config: [{ gateway: string }] } }>;
};

/** The service's own; what only the database has lies beside it. */
const SECRETS = './deploy/compose/secrets/service';
/** What a container that is taken over could use. */
const LOCKED = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
};

describe('compose.yaml', () => {
  it('is what the Compose Specification allows, without a fault that a linter knows of', async () => {
    const home = join(createRequire(import.meta.url).resolve('dclint/package.json'), '..');
    const lint = [join(home, 'bin/dclint.cjs'), '--config', join(ROOT, 'test/deploy/dclint.json'), FILE];
    const { stdout, stderr } = await run(process.execPath, lint);
    expect((stdout + stderr).trim()).toBe('');
  });

  it('locks both containers, and lets nobody reach the database from outside', () => {
    const { smartrouting, database } = compose.services;
    expect(smartrouting).toMatchObject({ ...LOCKED, user: '1000:1000', stop_grace_period: '20s' });
    expect(database).toMatchObject({ ...LOCKED, user: '999:999', networks: ['database'] });
    expect(database).not.toHaveProperty('ports');
    expect(compose).toMatchObject({ networks: { database: { internal: true } } });
  });

  it('mounts whole folders for the service, so that a replaced file is seen, and only its own secrets', () => {
    const folders = { '/etc/smartrouting': './deploy/compose/config', '/run/secrets': SECRETS };
    expect(compose.services['smartrouting']!.volumes).toEqual(
      Object.entries(folders).map(([target, source]) => ({
        type: 'bind',
        source,
        target,
        read_only: true,
        bind: { create_host_path: false },
      })),
    );
  });

  it('has the service use the database of the secret', async () => {
    expect(await databaseUrlSeen(compose.services['smartrouting']!.command)).toBe('mysql://of-the-secret');
  });

  it('believes just the one address that the proxy in front is seen with', async () => {
    const config = parse(await readFile(join(ROOT, 'deploy/compose/config/smartrouting.yaml'), 'utf8')) as {
      server: { trustedProxies: string[] };
    };
    const [{ gateway }] = compose.networks['front']!.ipam.config;
    expect(config.server.trustedProxies).toEqual([gateway]);
  });

  it('finds every secret where make-secrets.sh puts it, and a database password that fits its URL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-deploy-'));
    await cp(join(ROOT, 'deploy/compose/make-secrets.sh'), join(folder, 'make-secrets.sh'));
    const make = async (): Promise<string> => (await run('sh', [join(folder, 'make-secrets.sh')])).stdout;
    const told = await make();
    expect(await make()).toBe(told);
    const read = (file: string): Promise<string> =>
      readFile(join(folder, file.replace('./deploy/compose/', '')), 'utf8');
    expect(told).toContain((await read(`${SECRETS}/api-key`)).trim());
    const { 'database-password': own, 'database-root-password': root } = compose.secrets;
    const password = (await read(own!.file)).trim();
    expect(await read(`${SECRETS}/database.env`)).toBe(
      `DATABASE_URL=mysql://smartrouting:${password}@database:3306/smartrouting\n`,
    );
    expect((await read(root!.file)).trim()).not.toBe(password);
    expect((await stat(join(folder, 'secrets'))).mode & 0o777).toBe(0o700);
    await rm(folder, { recursive: true });
  });
});
