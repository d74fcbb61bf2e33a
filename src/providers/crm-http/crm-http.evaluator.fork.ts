import { fork } from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** In a separate file, because tests run from the sources, but a process runs from the build. */
export function forkEvaluator(options: ForkOptions): ChildProcess {
  return fork(fileURLToPath(new URL('./crm-http.evaluator.child.js', import.meta.url)), options);
}
