import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './files.js';

const run = promisify(execFile);
let outside: string;
let checkout: string;

/** Without variables of the machine that lead git elsewhere. */
const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' };

async function commitOf(folder: string, more: Record<string, string> = {}): Promise<string> {
  await run(process.execPath, ['scripts/build-id.mjs'], { cwd: folder, env: { ...env, ...more } });
  return (JSON.parse(await readFile(join(folder, 'dist/build.json'), 'utf8')) as { commit: string }).commit;
}
const git = async (...args: string[]): Promise<string> => {
  const user = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  return (await run('git', [...user, ...args], { cwd: checkout, env })).stdout.trim();
};

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'smartrouting-build-'));
  checkout = join(outside, 'checkout');
  for (const folder of ['scripts', 'dist', 'src']) await mkdir(join(checkout, folder), { recursive: true });
  await cp(join(ROOT, 'scripts/build-id.mjs'), join(checkout, 'scripts/build-id.mjs'));
  await writeFile(join(checkout, 'src/main.ts'), '1');
  await writeFile(join(checkout, 'README.md'), '1');
});
afterAll(() => rm(outside, { recursive: true }));

describe('the commit that a build names', () => {
  it('is the one of the checkout, and says when a source was changed after it', async () => {
    expect(await commitOf(checkout)).toBe('unknown');
    await git('init', '--quiet');
    await git('add', 'src', 'README.md', 'scripts');
    await git('commit', '--quiet', '--message=first');
    const head = await git('rev-parse', 'HEAD');
    expect(await commitOf(checkout)).toBe(head);
    await writeFile(join(checkout, 'README.md'), '2');
    expect(await commitOf(checkout)).toBe(head);
    await writeFile(join(checkout, 'src/main.ts'), '2');
    expect(await commitOf(checkout)).toBe(`${head}-dirty`);
  });

  it('is not the one of another project that the folder lies in', async () => {
    const inner = join(checkout, 'vendor/smartrouting');
    for (const folder of ['scripts', 'dist']) await mkdir(join(inner, folder), { recursive: true });
    await cp(join(ROOT, 'scripts/build-id.mjs'), join(inner, 'scripts/build-id.mjs'));
    expect(await commitOf(inner)).toBe('unknown');
  });

  it('is the one that SMARTROUTING_COMMIT names, where there is no checkout', async () => {
    expect(await commitOf(checkout, { SMARTROUTING_COMMIT: 'abc123' })).toBe('abc123');
    await expect(commitOf(checkout, { SMARTROUTING_COMMIT: 'a b' })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SMARTROUTING_COMMIT must be'),
    });
  });

  it('stands in what npm run build makes', async () => {
    const { commit } = JSON.parse(await readFile(join(ROOT, 'dist/build.json'), 'utf8')) as {
      commit: string;
    };
    const { stdout } = await run(process.execPath, [join(ROOT, 'dist/cli/main.js'), '--version']);
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(stdout.trim()).toBe(commit === 'unknown' ? version : `${version} (commit ${commit})`);
  });
});
