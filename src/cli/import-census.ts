import type { AppConfig } from '../app/app.config.js';
import { readEnvironment } from '../app/environment.js';
import { loadConfig } from '../app/load-config.js';
import type { EntryTally } from '../plugin-api/index.js';
import type { DatabaseOptions } from '../providers/database/database.options.js';
import { judgeEntries } from '../routing/never-match.js';

/**
 * What of an imported list can never match by the routes of the configuration, as lines to print.
 * @param tally of the list; its places are those of the file
 */
export async function whatNeverMatches(tally: EntryTally): Promise<string[]> {
  const config = await loadConfig(readEnvironment()).then(
    (loaded) => loaded.config,
    () => undefined,
  );
  if (config === undefined) {
    return [
      'Note: tiers and targets were not compared with the routes, because the configuration is not usable; "config check" says why.',
    ];
  }
  const readers = readersOf(config);
  if (readers.length === 0) return ['Warning: no provider of the configuration reads the managed table.'];
  const { faults, notes } = await judgeEntries(tally, {
    targets: config.targets,
    providers: readers,
    nowMs: Date.now(),
    show: (text) => text,
  });
  return [
    ...faults.map((fault) => `Warning: can never match: ${fault}`),
    ...notes.map((note) => `Note: ${note}`),
  ];
}

/** The providers that read the table into which lists are imported. */
function readersOf({ providers }: AppConfig): string[] {
  return [...providers.values()]
    .filter(({ kind, options }) => kind === 'database' && (options as DatabaseOptions).table == null)
    .map(({ name }) => name);
}
