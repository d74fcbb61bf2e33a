/**
 * A problem with options, found while they were completed.
 * @since 0.1.0
 */
export interface OptionProblem {
  /** Path of the key within the provider: `['parameters', 'tierField']`. */
  readonly path: readonly string[];
  /** The rule and the cure: a sentence, or a predicate such as `is not a parameter. Known: …`. Never a secret. */
  readonly message: string;
}

/**
 * Options as written, plus those that one of them stands for.
 * @since 0.1.0
 */
export interface CompletedOptions {
  /** As plain values, in the shape of the configuration file; `undefined` if they are not known. */
  readonly options: Readonly<Record<string, unknown>> | undefined;
  /** If there is a problem, `options` are incomplete. */
  readonly problems: readonly OptionProblem[];
}

/**
 * Helps to complete options.
 * @since 0.1.0
 */
export interface CompletionTools {
  /** Makes a path in the configuration absolute; relative ones start at the configuration file's folder. */
  readonly resolvePath: (path: string) => string;
}
