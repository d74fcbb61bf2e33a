import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const LOAD = `const { loadStart } = await import('./bench/harness/mariadb.mjs'); console.log(typeof (await loadStart())); process.exit(0);`;

it('the bench finds what it takes from the tests, without Jest', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', LOAD]);
  expect(stdout).toBe('function\n');
});

it('the baselines find the modules of the build that they measure with', async () => {
  const named: string[] = [];
  for (const file of await readdir('bench/baselines')) {
    const source = await readFile(`bench/baselines/${file}`, 'utf8');
    named.push(...[...source.matchAll(/dist\('([^']+)'\)/g)].map(([, path]) => `dist/${path}`));
  }
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
