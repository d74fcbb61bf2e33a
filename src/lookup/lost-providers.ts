import type { ConfigProblem } from '../config/config-error.js';
import type { Logger } from '../observability/logger.js';
import { describeFailure, fileAtFault } from './describe-failure.js';
import type { GuardedProvider } from './guarded-provider.js';
import type { ProviderEntry } from './providers.config.js';

/** A configured provider, with the settings that it was created from. */
export interface Made {
  /** Including the country by which it reads numbers. */
  readonly entry: ProviderEntry;
  readonly guarded: GuardedProvider;
  readonly logger: Logger;
}

export type MadeByName = ReadonlyMap<string, Made>;

/**
 * Working providers that would be replaced by ones that cannot open because of a local file.
 * @param failures errors of the new ones that could not open
 * @param gone providers that would no longer be in use
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
    // A new name may be that of a renamed provider that answers now.
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
