import { FileWatcher, VipFileError, VipLookup, VipLookupError } from '../../plugin-api/index.js';
import type {
  Caller,
  EntryTally,
  ProviderContext,
  ProviderStatus,
  SyncOptions,
  SyncReport,
  VipAnswer,
  VipLookupProvider,
} from '../../plugin-api/index.js';
import { CollapseGuard } from './collapse-guard.js';
import { confirmVersion } from './confirm-version.js';
import { KeptCount, versionOf } from './kept-count.js';
import { haveAllExpired } from './findable.js';
import { digestOf, readListBytes } from './list-bytes.js';
import { Pace } from './pace.js';
import { readConfiguredList } from './record-file.js';
import type { IndexedList } from './record-file.js';
import type { RecordIndex } from './record-index.js';
import { StaticFileOptions } from './static-file.options.js';

const HEALTH_REASONS = {
  refused: 'refused since',
  lacking: 'is used without some entries:',
  expired: 'has only entries that have expired',
};

/** A confirmation is looked for every so many looks at the file. */
const LOOKS = 4;

interface LoadedList {
  readonly index: RecordIndex;
  readonly tally: EntryTally;
  /** Of a file of contacts, what was taken from it and what was left. */
  readonly contacts: string | undefined;
  /** What the file has and the index has not, one clause; `undefined` when it is all there. */
  readonly lacking: string | undefined;
  /** What cannot be read of the file although `onBadRow` wants it all, one sentence each. */
  readonly unread: readonly string[] | undefined;
  /** ISO 8601. */
  readonly loadedAt: string;
  /** When it was complete, by `performance.now()`. */
  readonly loadedMs: number;
}

interface Refusal {
  /** What is wrong with the file, one clause that begins with its name. */
  readonly reason: string;
  /** Every problem, one sentence each. */
  readonly details: readonly string[];
  /** ISO 8601: since when this version of the file has been refused. */
  readonly since: string;
  /** Digest of the file; of one that cannot be read the reason. */
  readonly version: string;
  /** When the list in use was last known to be what lies on disk, by `performance.now()`. */
  readonly currentUntilMs: number | undefined;
}

/** Finds VIPs in a list or an export of contacts, which is read again whenever it changes. */
@VipLookup({ kind: 'static-file', options: StaticFileOptions })
export class StaticFileProvider implements VipLookupProvider {
  /** How often the file is looked at, in milliseconds. */
  protected readonly pollMs: number = 500;
  #list: LoadedList | undefined;
  #refusal: Refusal | undefined;
  #digest: string | undefined;
  #isOpen = false;
  #watcher: FileWatcher | undefined;
  #guard: CollapseGuard | undefined;
  #turn: Promise<void> = Promise.resolve();
  readonly #kept: KeptCount;
  readonly #closing = new AbortController();
  readonly #madeMs = performance.now();

  constructor(private readonly context: ProviderContext<StaticFileOptions>) {
    this.#kept = new KeptCount(context.state);
  }

  lookup(caller: Caller): VipAnswer {
    if (this.#list === undefined) throw this.#notLoaded();
    return this.#list.index.find(caller.key);
  }

  explain(): Promise<string> {
    const { index, lacking } = this.#list ?? {};
    const entries =
      index?.size === 1 ? 'its 1 entry does not have' : `none of its ${index?.size} entries has`;
    const sentence = `${entries} this number, or a range with it`;
    return Promise.resolve(lacking === undefined ? sentence : `${sentence}; ${lacking}`);
  }

  async check(): Promise<ProviderStatus> {
    if (this.#list === undefined) throw this.#notLoaded();
    const { index, tally, loadedAt, lacking, contacts } = this.#list;
    const about = { entries: index.size, loadedAt, ...(contacts !== undefined && { contacts }) };
    if (this.#refusal === undefined) {
      const expired = haveAllExpired(tally, Date.now())
        ? `${this.context.options.file} ${HEALTH_REASONS.expired}`
        : undefined;
      const reasons = [this.#guard?.doubt, lacking, expired].filter((reason) => reason !== undefined);
      if (reasons.length === 0) return { status: 'up', ...about };
      return { status: 'degraded', reason: reasons.join('; '), ...about };
    }
    const { reason, since } = this.#refusal;
    return {
      status: 'degraded',
      reason: `${reason}; ${HEALTH_REASONS.refused} ${since}, the list of ${loadedAt} is used`,
      ...about,
    };
  }

  /**
   * Near 0 while all is well; grows while a new version is refused, the file is gone or its disk does not answer, from the
   * start if there never was a list.
   */
  copyAgeSeconds(): number {
    const currentMs = this.#refusal === undefined ? this.#currentMs : this.#refusal.currentUntilMs;
    return (performance.now() - (currentMs ?? this.#madeMs)) / 1000;
  }

  /** As they were counted when the list was read. */
  countEntries(): Promise<EntryTally | undefined> {
    return Promise.resolve(this.#list?.tally);
  }

  entries(): number | undefined {
    return this.#list?.index.size;
  }

  async open(): Promise<void> {
    const path = this.context.resolvePath(this.context.options.file);
    const load = (): Promise<void> => (this.#turn = this.#turn.then(() => this.#load(path)));
    this.#guard = new CollapseGuard(this.context, this.#kept, LOOKS * this.pollMs, () => {
      this.#digest = undefined;
      void load();
    });
    this.#watcher = new FileWatcher(path, this.pollMs, load);
    await this.#watcher.start();
    this.#isOpen = true;
    const doubt = this.#guard.open();
    const unread = this.#list?.unread ?? [];
    const details = this.#refusal?.details ?? (doubt === undefined ? unread : [...unread, doubt]);
    if (details.length > 0) throw new VipFileError(details.join('\n- '), path);
  }

  /** Says whether the file would be used as it is; with `confirm`, running instances use this version of it. */
  async sync({ confirm = false, signal }: SyncOptions): Promise<SyncReport> {
    return confirmVersion(this.context, this.#kept, confirm, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#guard?.close();
    await this.#watcher?.stop();
    await this.#turn;
  }

  get #currentMs(): number | undefined {
    return this.#list && Math.max(this.#list.loadedMs, this.#watcher?.unchangedMs ?? 0);
  }

  async #load(path: string): Promise<void> {
    const { file } = this.context.options;
    const { signal } = this.#closing;
    let digest: string | undefined;
    try {
      const bytes = await readListBytes(path, file, signal);
      digest = await digestOf(bytes, new Pace(signal));
      if (digest === this.#digest) return;
      const list = await readConfiguredList(bytes, path, this.context, signal);
      // Written to while it was read: the watcher comes back when it is complete.
      if (this.#list !== undefined && (await this.#watcher?.hasMovedOn())) return;
      this.#digest = digest;
      const isWhole = list.problemCount === 0 || this.context.options.onBadRow === 'skip';
      const mayLack = isWhole || this.#list === undefined || this.#list.unread !== undefined;
      // A part of a list is better than none, and worse than the whole one that is in use.
      if (!mayLack || (list.problemCount > 0 && list.index.size === 0)) {
        this.#refuse(...unusable(file, list), digest);
        return;
      }
      const version = versionOf(digest, list, isWhole);
      const refusal = await this.#guard?.refusal(version);
      if (refusal !== undefined) {
        this.#refuse(refusal, [refusal], digest);
        return;
      }
      this.#use(list, isWhole ? undefined : unusable(file, list)[1]);
      await this.#guard?.use(version, isWhole);
    } catch (error) {
      if (signal.aborted) return;
      this.#digest = undefined;
      const reason =
        error instanceof VipLookupError ? error.message : `${file} cannot be read (${(error as Error).name})`;
      this.#refuse(reason, [reason], digest ?? reason);
    }
  }

  #use(list: IndexedList, unread?: readonly string[]): void {
    const { file } = this.context.options;
    const { logger } = this.context;
    const { index, tally, duplicates, warnings, problems, leftOut, contacts } = list;
    const loadedAt = new Date().toISOString();
    const lacking = whatIsLacking(file, list, loadedAt);
    this.#list = { index, tally, contacts, lacking, unread, loadedAt, loadedMs: performance.now() };
    this.#refusal = undefined;
    this.context.entriesChanged();
    logger.info({ file, entries: index.size, contacts }, 'the list is loaded');
    if (lacking !== undefined) {
      logger.error(
        { file, problems, leftOut },
        'a part of the list cannot be used; the other entries are loaded',
      );
    }
    if (duplicates.length > 0) {
      logger.warn(
        { file, duplicates },
        'the list has the same number for the same targets and time more than once; the first entry is used',
      );
    }
    if (warnings.length > 0) {
      logger.warn({ file, warnings }, 'the list is probably not what was meant');
    }
  }

  #refuse(reason: string, details: readonly string[], version: string): void {
    const before = this.#refusal;
    const isSame = before?.version === version;
    const isNew = !isSame || before.details.join() !== details.join();
    const since = isSame ? before.since : new Date().toISOString();
    const currentUntilMs = before === undefined ? this.#currentMs : before.currentUntilMs;
    this.#refusal = { reason, details, since, version, currentUntilMs };
    // The first reading is reported by the rejection of `open`.
    if (!isNew || !this.#isOpen) return;
    const { file } = this.context.options;
    this.context.logger.error(
      { file, problems: details, loadedAt: this.#list?.loadedAt },
      this.#list === undefined
        ? 'the list cannot be used; no list is loaded'
        : 'the changed list cannot be used; the previous one stays in use',
    );
  }

  #notLoaded(): VipLookupError {
    return new VipLookupError(
      this.#refusal === undefined
        ? `no list loaded: ${this.context.options.file} is still being read`
        : `no list loaded: ${this.#refusal.reason}`,
    );
  }
}

function whatIsLacking(file: string, list: IndexedList, since: string): string | undefined {
  const { problems, problemCount, leftOut, leftOutCount } = list;
  if (problemCount === 0 && leftOutCount === 0) return undefined;
  const bad = problemCount > 0 && `${counted(problemCount, 'problem')}, the first in ${problems[0]}`;
  const out =
    leftOutCount > 0 &&
    `${leftOutCount === 1 ? '1 entry' : `${leftOutCount} entries`} left out, the first in ${leftOut[0]}`;
  return `${file} ${HEALTH_REASONS.lacking} ${[bad, out].filter((part) => part !== false).join('; and ')}, since ${since}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A clause for health and the log, and everything for whoever mends the file. */
function unusable(file: string, { problems, problemCount }: IndexedList): [string, string[]] {
  const count = counted(problemCount, 'problem');
  return [
    `${file} has ${count}, the first in ${problems[0]}`,
    [`${file} is not usable (${count}):`, ...problems],
  ];
}
