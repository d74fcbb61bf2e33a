import type { EntryTally, ProviderState } from '../../plugin-api/index.js';
import { whatIsNotCounted } from './findable.js';
import type { IndexedList } from './record-file.js';

/** What is kept of a list over restarts. */
export interface Kept {
  /** Numbers and ranges that a call could find, of the last version that nobody had to doubt. */
  readonly entries: number;
  /** When they were counted, milliseconds since the epoch: what has expired since then is not lost. */
  readonly countedMs?: number;
  /** Digest of the version that was last confirmed, however few entries it has; until another one is accepted. */
  readonly confirmed?: string;
  /** When that was, milliseconds since the epoch. */
  readonly confirmedMs?: number;
}

/** One content of the file. */
export interface Version {
  readonly digest: string;
  /** How many a call could find when they were counted. */
  readonly entries: number;
  /** Milliseconds since the epoch. */
  readonly countedMs: number;
  readonly tally: EntryTally;
  /** Which entries of the file are not among them, and why; `''`: all are. */
  readonly notCounted: string;
}

export function versionOf(digest: string, list: IndexedList, isWhole: boolean): Version {
  const { tally } = list;
  const countedMs = Date.now();
  const notCounted = whatIsNotCounted(list, countedMs, isWhole);
  return { digest, entries: tally.numbersAt(countedMs), countedMs, tally, notCounted };
}

const KEY = 'list';
/** Instances that read the same file write at the same moment. */
const TRIES = 3;

/** How many entries a list has, in the state of its provider. All methods reject when the database cannot be used. */
export class KeptCount {
  constructor(private readonly state: ProviderState) {}

  async read(): Promise<Kept | undefined> {
    return (await this.#read()).kept;
  }

  /**
   * The version is accepted. Another one that was confirmed before must be confirmed again.
   * @param sinceMs when it came into use, milliseconds since the epoch
   */
  async keep({ digest, entries, countedMs }: Version, sinceMs: number): Promise<void> {
    await this.#change((kept) => {
      const isOver = kept?.confirmed !== undefined && kept.confirmed !== digest && isBefore(kept, sinceMs);
      if (kept?.entries === entries && !isOver) return undefined;
      return isOver ? { entries, countedMs } : { ...kept, entries, countedMs };
    });
  }

  /** The version's own count is kept only where there is none yet. */
  async confirm({ digest, entries, countedMs }: Version): Promise<void> {
    await this.#change((kept) => ({
      ...(kept ?? { entries, countedMs }),
      confirmed: digest,
      confirmedMs: Date.now(),
    }));
  }

  async #read(): Promise<{ kept: Kept | undefined; version: number | undefined }> {
    const stored = await this.state.read(KEY);
    return { kept: stored && (JSON.parse(stored.text) as Kept), version: stored?.version };
  }

  /** @param next what is to be kept; `undefined`: what there is */
  async #change(next: (kept: Kept | undefined) => Kept | undefined): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { kept, version } = await this.#read();
      const changed = next(kept);
      if (changed === undefined) return;
      if (await this.state.write(KEY, JSON.stringify(changed), version)) return;
    }
  }
}

/** Whether the confirmation was given before then: the clocks of the machines may differ by some seconds. */
export function isBefore({ confirmedMs = 0 }: Kept, sinceMs: number): boolean {
  return confirmedMs < sinceMs;
}
