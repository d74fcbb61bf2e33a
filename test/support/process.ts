import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Finished } from './command-line.js';
import { recorder } from './recorder.js';

export { cli } from './command-line.js';
export type { Finished } from './command-line.js';
export { recorder } from './recorder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A program of ours as a process of its own, in the project's folder unless told otherwise, with only the environment given. */
export class Program {
  stdout = '';
  stderr = '';
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();

  constructor(
    script: string,
    args: readonly string[] = [],
    env: Record<string, string> = {},
    input?: string,
    cwd = ROOT,
  ) {
    this.#child = spawn(process.execPath, [...recorder(), script, ...args], {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#heard('stdout', chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => this.#heard('stderr', chunk));
    this.finished = new Promise((resolve) =>
      this.#child.on('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
        this.#watchers.forEach((check) => check());
      }),
    );
    this.#child.stdin.end(input);
  }

  #heard(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this[stream] += chunk.toString();
    this.#watchers.forEach((check) => check());
  }

  /** Waits until standard output holds a match; rejects when the program ends without one. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(this.stdout);
        if (match === null && this.#child.exitCode === null) return;
        this.#watchers.delete(check);
        if (match) resolve(match);
        else reject(new Error(`ended without ${String(pattern)}:\n${this.stdout}\n${this.stderr}`));
      };
      this.#watchers.add(check);
      check();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Log lines so far that are JSON. */
  get logLines(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** The command line, as `npm run cli` runs it. */
export function cliProcess(
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
): Promise<Finished> {
  return new Program('dist/cli/main.js', args, env, input).finished;
}
