/**
 * Something that is wrong with options, found while they were completed.
 * @since 0.1.0
 */
export interface OptionProblem {
  /** The key, from the provider inwards: `['parameters', 'tierField']`. */
  readonly path: readonly string[];
  /** The rule and the cure: a sentence, or a predicate such as `is not a parameter. Known: …`. Never a secret. */
  readonly message: string;
}

/**
 * Options as written, with those filled in that one of them stands for.
 * @since 0.1.0
 */
export interface CompletedOptions {
  /** As plain values, in the shape of the configuration file; `undefined` when nothing can be said about them. */
  readonly options: Readonly<Record<string, unknown>> | undefined;
  /** With a problem, `options` are incomplete. */
  readonly problems: readonly OptionProblem[];
}

/**
 * Helps to complete options.
 * @since 0.1.0
 */
export interface CompletionTools {
  /** Makes a path of the configuration absolute; relative ones start at the configuration file. */
  readonly resolvePath: (path: string) => string;
}
