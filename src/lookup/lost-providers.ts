import type { ConfigProblem } from '../config/config-error.js';
import type { Logger } from '../observability/logger.js';
import { describeFailure, fileAtFault } from './describe-failure.js';
import type { GuardedProvider } from './guarded-provider.js';
import type { ProviderEntry } from './providers.config.js';

/** A provider of the configuration, with what it was made of. */
export interface Made {
  /** With the country that it reads numbers in. */
  readonly entry: ProviderEntry;
  readonly guarded: GuardedProvider;
  readonly logger: Logger;
}

export type MadeByName = ReadonlyMap<string, Made>;

/**
 * Providers that work, and would be replaced by what a local file keeps from opening.
 * @param failures of the new ones to open
 * @param gone those in use that would not be any more
 * @param files gets the paths of the files
 */
export async function lostProviders(
  failures: ReadonlyMap<GuardedProvider, unknown>,
  before: MadeByName,
  gone: readonly Made[],
  next: MadeByName,
  files: Set<string>,
): Promise<ConfigProblem[]> {
  const lost: ConfigProblem[] = [];
  for (const [{ name }, error] of failures) {
    const file = fileAtFault(error);
    if (file === undefined) continue;
    // By another name it is still what answers now.
    const { kind } = next.get(name)!.entry;
    const isRenamed = ({ entry }: Made): boolean => entry.kind === kind && !next.has(entry.name);
    const replaced = before.has(name) ? [before.get(name)!] : gone.filter(isRenamed);
    const work = await Promise.all(replaced.map(({ guarded }) => guarded.troubles.canBeAsked()));
    if (!work.includes(true)) continue;
    files.add(file);
    const message = `cannot open: ${describeFailure(error)}. The working provider stays in use. Correct the file, or the key that names it.`;
    lost.push({ key: `providers.${name}`, message });
  }
  return lost;
}
