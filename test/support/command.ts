import { jest } from '@jest/globals';
import { program } from '../../src/cli/program.js';

/** One command of the command line in this process, which has loaded already what takes a process seconds; one at a time. */
export class CommandHere {
  stdout = '';
  /** Rejects with what the command line tells on standard error. */
  readonly finished: Promise<string>;

  /** @param env in place of variables of the same name */
  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.finished = this.#run(args, env);
    this.finished.catch(() => undefined); // who waits for it is told
  }

  async #run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
    const before = { ...process.env };
    const printed = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      this.stdout += String(text);
      return true;
    });
    Object.assign(process.env, env);
    try {
      await program().parseAsync(args, { from: 'user' });
      return this.stdout;
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      Object.assign(process.env, before);
      printed.mockRestore();
    }
  }
}

/** What a command prints. @throws what the command line would tell on standard error, and end with another code than 0 */
export function commandHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new CommandHere(args, env).finished;
}
