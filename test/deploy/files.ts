import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
