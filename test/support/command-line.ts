import { afterAll } from '@jest/globals';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { channel } from 'node:diagnostics_channel';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recorder } from './recorder.js';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const SCRIPT = fileURLToPath(new URL('run-commands.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = resolve(ROOT, 'dist/cli/program.js');

/** Both are listened to while the tests are recorded for the privacy check, test/privacy/environment.mjs. */
const CONFIGURED = channel('smartrouting-vip.test.service');
const TOLD = channel('smartrouting-vip.test.command');

let runner: ChildProcess | undefined;
/** Settles when the last command that was asked for is done. */
let last: Promise<unknown> = Promise.resolve();

afterAll(async () => {
  if (runner === undefined) return;
  const ended = once(runner, 'exit');
  runner.disconnect();
  await ended;
});

/**
 * Runs a command in the project's folder with only the environment given. The commands of a suite share one process, since
 * loading is most of what one costs: what is promised of the process itself, its start and its end, is tested with `Program`.
 * A plug-in is loaded once; another version of it needs another path.
 */
export function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const finished = last.then(() => command(args, env));
  last = finished.catch(() => undefined);
  return finished;
}

async function command(args: readonly string[], env: Record<string, string>): Promise<Finished> {
  const { PATH } = process.env;
  const commands = (runner ??= fork(SCRIPT, [PROGRAM], { cwd: ROOT, execArgv: recorder(), env: { PATH } }));
  const settled = new AbortController();
  const { signal } = settled;
  const ended = once(commands, 'exit', { signal }).then(([code]) => {
    throw new Error(`the process of the commands ended (${code}) at ${args.join(' ')}`);
  });
  const answered = once(commands, 'message', { signal });
  commands.send({ args, env });
  const [finished] = (await Promise.race([answered, ended])) as [Finished];
  settled.abort();
  CONFIGURED.publish({ configFile: configFileOf(args, env), env });
  TOLD.publish({ pid: commands.pid, args, ...finished });
  return finished;
}

function configFileOf(args: readonly string[], env: Record<string, string>): string {
  const named = args[0] === 'config' && args[1] === 'check' ? args[2] : undefined;
  return resolve(ROOT, named ?? env['SMARTROUTING_CONFIG'] ?? 'config/smartrouting.yaml');
}
