import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENCE_MS } from './eventually.js';
import { isListening } from './ports.js';

/** A proxy of the test's own: a process in the foreground, its files in a temporary folder. */
export interface RunningProxy {
  readonly folder: string;
  readonly pid: number;
  /** What it has written so far, at most the last 16,000 characters. */
  readonly output: string;
  signal(signal: NodeJS.Signals): void;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

export interface ProxyProgram {
  /** `nginx`, `haproxy`. */
  readonly name: string;
  /** @param folder where the configuration and everything else of this run lies */
  readonly args: (folder: string) => string[];
  readonly configuration: (folder: string) => string;
  /** Ports of 127.0.0.1 that it is to listen on. */
  readonly ports: readonly number[];
}

const OUTPUT_LENGTH = 16_000;
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };

/** The file that `args` names. */
export const configurationIn = (folder: string): string => join(folder, 'proxy.conf');

/**
 * Starts the program and waits until it listens on all ports.
 * @throws Error with what the program wrote
 */
export async function startProxy({ name, args, configuration, ports }: ProxyProgram): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), `smartrouting-${name}-`));
  await writeFile(configurationIn(folder), configuration(folder));
  const child = spawn(name, args(folder), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const heard = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_LENGTH);
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  child.once('error', ({ message }) => (output += message));
  // A test run that dies must not leave a proxy behind.
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', onExit);
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  for (const port of ports) {
    const isUp = await Promise.race([isListening(port, PATIENCE_MS), gone(child)]);
    if (isUp && isRunning(child)) continue;
    await stop();
    throw new Error(`${name} does not listen on port ${port}:\n${output}`);
  }
  return {
    folder,
    pid: child.pid!,
    get output() {
      return output;
    },
    signal: (signal) => void child.kill(signal),
    stop,
  };
}

const isRunning = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null;

/** Resolves when the program has ended, or could not be started. */
async function gone(child: ChildProcess): Promise<false> {
  if (isRunning(child)) await new Promise((resolve) => child.once('close', resolve));
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, 'exit');
  // nginx and HAProxy end at once; also one that a test has stopped in its tracks.
  child.kill('SIGTERM');
  child.kill('SIGCONT');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exited;
  clearTimeout(timer);
}
