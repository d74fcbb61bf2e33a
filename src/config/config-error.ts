export interface ConfigProblem {
  /** Line in the file, from 1; absent if there is none (an environment variable, a missing top-level key). */
  readonly line?: number | undefined;
  /** Path of the key, `targets.SALES_QUEUE.providers[1]`, or the name of a variable; `''` for the whole file. */
  readonly key: string;
  /** The rule and the cure. Never a secret's value. */
  readonly message: string;
}

/** The configuration cannot be used; contains every problem found. The message is for the administrator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param source the file as the administrator knows it, or `environment` */
  constructor(
    readonly source: string,
    readonly problems: readonly ConfigProblem[],
  ) {
    const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
    const lines = problems.map((problem) => `\n- ${formatProblem(problem)}`).join('');
    super(`Configuration is not usable (${count}), ${source}:${lines}`);
  }
}

/** `line 31, targets.SALES_QUEUE.providers[1]`; `''` for the file as a whole. */
export function placeOf({ line, key }: ConfigProblem): string {
  return [line === undefined ? '' : `line ${line}`, key].filter((part) => part !== '').join(', ');
}

/** `line 31, targets.SALES_QUEUE.providers[1]: …` */
export function formatProblem(problem: ConfigProblem): string {
  const place = placeOf(problem);
  return place === '' ? problem.message : `${place}: ${problem.message}`;
}
