import { fork } from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BUILT = new URL('../../dist/providers/crm-http/crm-http.evaluator.child.js', import.meta.url);

/** In place of `crm-http.evaluator.fork.ts` under Jest: Node alone loads no TypeScript. */
export function forkEvaluator(options: ForkOptions): ChildProcess {
  return fork(fileURLToPath(BUILT), options);
}
