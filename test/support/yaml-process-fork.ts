import childProcess from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { assertBuilt, builtFile } from './built.js';

const ROOM = 'providers/static-file';
// What the process is made of, with the types that come with it.
assertBuilt(
  ['yaml-process.child', 'yaml-process', 'yaml-entries', 'yaml-aliases', 'entry-limits', 'pace'].map(
    (part) => `${ROOM}/${part}`,
  ),
);

/** In place of `yaml-process.fork.ts` under Jest: Node alone loads no TypeScript, so the process runs what was built. */
export function forkYamlReader(options: ForkOptions): ChildProcess {
  return childProcess.fork(builtFile(`${ROOM}/yaml-process.child`), options);
}
