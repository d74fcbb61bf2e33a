import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LOAD = `const { loadStart } = await import('./bench/harness/mariadb.mjs'); console.log(typeof (await loadStart())); process.exit(0);`;

it('the bench finds what it takes from the tests, without Jest', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', LOAD]);
  expect(stdout).toBe('function\n');
});
