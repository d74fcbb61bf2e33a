import type { ConfigProblem } from '../config/config-error.js';
import { describeFailure, fileAtFault } from './describe-failure.js';
import type { GuardedProvider } from './guarded-provider.js';

export type ProvidersByName = ReadonlyMap<string, GuardedProvider>;

/**
 * Working providers that would be replaced by ones that cannot open because of a local file.
 * @param failures errors of the new ones that could not open
 * @param gone providers that would no longer be in use
 * @param files gets the paths of the files
 */
export async function lostProviders(
  failures: ReadonlyMap<GuardedProvider, unknown>,
  before: ProvidersByName,
  gone: readonly GuardedProvider[],
  next: ProvidersByName,
  files: Set<string>,
): Promise<ConfigProblem[]> {
  const lost: ConfigProblem[] = [];
  for (const [{ name }, error] of failures) {
    const file = fileAtFault(error);
    if (file === undefined) continue;
    // A new name may be that of a renamed provider that answers now.
    const { kind } = next.get(name)!.config;
    const isRenamed = ({ config }: GuardedProvider): boolean =>
      config.kind === kind && !next.has(config.name);
    const replaced = before.has(name) ? [before.get(name)!] : gone.filter(isRenamed);
    const work = await Promise.all(replaced.map(({ troubles }) => troubles.canBeAsked()));
    if (!work.includes(true)) continue;
    files.add(file);
    const message = `cannot open: ${describeFailure(error)}. The working provider stays in use. Correct the file, or the key that names it.`;
    lost.push({ key: `providers.${name}`, message });
  }
  return lost;
}
