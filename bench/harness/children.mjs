// Processes and the folder of a run, all removed at its end, however it ends.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything that a run writes while it runs. */
export const folder = mkdtempSync(join(tmpdir(), 'smartrouting-bench-'));
const children = new Set();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

/** @param cores as `taskset -c` takes them */
export function spawnOn(cores, program, args, options) {
  const child = spawn('taskset', ['-c', cores, program, ...args], options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Runs a program to its end. @returns its standard output */
export function outputOf(cores, program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawnOn(cores, program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}: ${errors}${output}`)),
    );
  });
}
