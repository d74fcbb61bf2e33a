import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { ROOT } from './files.js';

const run = promisify(execFile);
const FILE = join(ROOT, 'compose.yaml');
const text = await readFile(FILE, 'utf8');
const compose = parse(text) as {
  services: Record<string, Record<string, unknown> & { volumes: string[]; secrets: string[] }>;
  secrets: Record<string, { file: string }>;
};

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
    expect(smartrouting!.volumes).toEqual(['./deploy/compose/config:/etc/smartrouting:ro']);
    expect(database).not.toHaveProperty('ports');
    expect(compose).toMatchObject({ networks: { database: { internal: true } } });
  });

  it('finds every secret where make-secrets.sh puts it, and a database password that fits its URL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-deploy-'));
    await cp(join(ROOT, 'deploy/compose/make-secrets.sh'), join(folder, 'make-secrets.sh'));
    const make = async (): Promise<string> => (await run('sh', [join(folder, 'make-secrets.sh')])).stdout;
    const told = await make();
    expect(await make()).toBe(told);
    const read = (name: string): Promise<string> =>
      readFile(join(folder, compose.secrets[name]!.file.replace('./deploy/compose/', '')), 'utf8');
    expect(told).toContain((await read('api-key')).trim());
    const password = (await read('database-password')).trim();
    expect(await read('database.env')).toBe(
      `DATABASE_URL=mysql://smartrouting:${password}@database:3306/smartrouting\n`,
    );
    expect((await read('database-root-password')).trim()).not.toBe(password);
    expect((await stat(join(folder, 'secrets'))).mode & 0o777).toBe(0o700);
    await rm(folder, { recursive: true });
  });
});
