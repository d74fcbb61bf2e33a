import { fork } from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A file of its own, because tests run from the sources, and a process from what was built. */
export function forkYamlReader(options: ForkOptions): ChildProcess {
  return fork(fileURLToPath(new URL('./yaml-process.child.js', import.meta.url)), options);
}
