import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Finished } from '../support/process.js';
import { cli } from '../support/process.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const API_KEY = 'key-of-the-deploy-tests';

/**
 * Writes a configuration as it is mounted in production, with its secrets in the same folder.
 * @param mounts the folder that `${file:…}` names in production: the secrets are looked for in the test's folder instead
 */
export async function mounted(
  files: Readonly<Record<string, string>>,
  mounts: string,
): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'smartrouting-deploy-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets', 'api-key'), `${API_KEY}\n`);
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, name), text.replaceAll(`file:${mounts}/`, 'file:./secrets/'));
  return { folder, file: join(folder, 'smartrouting.yaml') };
}

/** What the start would say of it. */
export function configCheck(file: string): Promise<Finished> {
  return cli(['config', 'check', file], { DATABASE_URL: 'mysql://user:password@127.0.0.1:9/smartrouting' });
}

/** What the Dockerfile's last stage sets by `ENV`. */
export async function imageEnvironment(): Promise<Record<string, string>> {
  const dockerfile = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).replaceAll('\\\n', ' ');
  const lines =
    dockerfile
      .split(/^FROM /m)
      .at(-1)!
      .match(/^ENV .+$/gm) ?? [];
  const pairs = lines.flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)]);
  return Object.fromEntries(pairs.map(([, name, value]) => [name!, value!]));
}

/**
 * The `DATABASE_URL` that a container has whose secret says `mysql://of-the-secret`.
 * @param args of the container, as Compose's `command` and Kubernetes' `args` say it
 */
export async function databaseUrlSeen(args: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'smartrouting-deploy-'));
  await writeFile(join(folder, 'database.env'), 'DATABASE_URL=mysql://of-the-secret\n');
  const here = args
    .map((arg) => arg.replace(/^--env-file=.*\//, `--env-file=${folder}/`))
    .flatMap((arg) => (arg === 'dist/main.js' ? ['-p', 'process.env.DATABASE_URL'] : [arg]));
  const env = await imageEnvironment();
  const { stdout } = await promisify(execFile)(process.execPath, here, { env });
  await rm(folder, { recursive: true });
  return stdout.trim();
}
