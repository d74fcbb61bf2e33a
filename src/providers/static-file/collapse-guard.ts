import { VipLookupError, within } from '../../plugin-api/index.js';
import type { ProviderContext } from '../../plugin-api/index.js';
import { collapseOf, DEFAULT_MIN_SHARE, hasCollapsed } from './collapse.js';
import { isBefore } from './kept-count.js';
import type { Kept, KeptCount, Version } from './kept-count.js';
import type { StaticFileOptions } from './static-file.options.js';

/** A list is not kept waiting for a database. */
const WAIT_MS = 1_000;
const HEALTH_REASON = 'it is used until there is another version';
/** Whether this is a start is not known here. In place of a list that is in use, it is not used. */
const UNTIL_THEN = 'until then, it is used only where no other list is loaded';

/**
 * Keeps most of a list from vanishing unnoticed. A version with far fewer entries than the one in use must be confirmed. So must
 * one that is read at a start, by the count that is kept over restarts; until it is, it is used, and health says so.
 * See docs/adr/0045-collapsed-lists.md.
 */
export class CollapseGuard {
  readonly #minShare: number;
  #inUse: Version | undefined;
  /** Milliseconds since the epoch. */
  #inUseSinceMs = 0;
  #isWhole = true;
  /** The version that is not used unless it is confirmed. */
  #refused: Version | undefined;
  /** Whether the count of the version in use was compared with the kept one, and is kept. */
  #isSettled = true;
  #doubt: string | undefined;
  #trouble: string | undefined;
  #isOpen = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param lookMs how often it is looked whether a version was confirmed, or the database is there again
   * @param confirmed called when a version that was refused has been confirmed
   */
  constructor(
    private readonly context: Pick<ProviderContext<StaticFileOptions>, 'name' | 'options' | 'logger'>,
    private readonly kept: KeptCount,
    private readonly lookMs: number,
    private readonly confirmed: () => void,
  ) {
    this.#minShare = minShareOf(context.options);
  }

  /** Why the version in use should be looked at, one sentence; `undefined` when all is well. */
  get doubt(): string | undefined {
    return this.#doubt && `${this.#doubt}; ${HEALTH_REASON}`;
  }

  /**
   * The first reading is over. What is doubtful later is logged.
   * @returns what is doubtful now, for the rejection of `open`
   */
  open(): string | undefined {
    this.#isOpen = true;
    return this.#doubt && whatFor(this.#doubt);
  }

  /** @returns why the version must not take the place of the one in use; `undefined` when it may */
  async refusal(version: Version): Promise<string | undefined> {
    this.#refused = undefined;
    const before = this.#inUse?.entries ?? 0;
    if (!hasCollapsed(before, version.entries, this.#minShare)) return undefined;
    if (await this.#isConfirmed(version)) return undefined;
    this.#refused = version;
    this.#lookAgain();
    return reasonOf(this.context, before, version);
  }

  /**
   * The version is in use; waits at most a second for what the database says of it.
   * @param isWhole else its count is compared, but not kept
   */
  async use(version: Version, isWhole: boolean): Promise<void> {
    this.#inUse = version;
    this.#inUseSinceMs = Date.now();
    this.#isWhole = isWhole;
    if (this.#minShare === 0) {
      // A count of before would be compared once there is a share again; nothing else needs the database.
      if (isWhole) void this.kept.keep(version, this.#inUseSinceMs).catch(() => undefined);
      return;
    }
    this.#isSettled = false;
    await within(WAIT_MS, this.#settle());
    if (!this.#isSettled) this.#lookAgain();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #lookAgain(): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#look(), this.lookMs).unref();
  }

  async #look(): Promise<void> {
    if (!this.#isSettled) await this.#settle();
    if (this.#refused !== undefined && (await this.#isConfirmed(this.#refused))) this.confirmed();
    else if (this.#refused !== undefined || !this.#isSettled) this.#lookAgain();
  }

  /** Never rejects. */
  async #settle(): Promise<void> {
    const version = this.#inUse!;
    try {
      const kept = await this.kept.read();
      if (version !== this.#inUse) return;
      const isConfirmed = kept?.confirmed === version.digest;
      if (kept !== undefined && !isConfirmed) {
        const entries = version.tally.numbersAt(kept.countedMs ?? version.countedMs);
        if (hasCollapsed(kept.entries, entries, this.#minShare)) {
          this.#setDoubt(reasonOf(this.context, kept.entries, { ...version, entries }));
          return;
        }
      }
      if (this.#isWhole) await this.kept.keep(version, this.#inUseSinceMs);
      this.#doubt = undefined;
      this.#isSettled = version === this.#inUse;
      this.#trouble = undefined;
    } catch (error) {
      this.#notKept(error);
    }
  }

  #setDoubt(reason: string): void {
    const isNew = this.#doubt !== reason;
    this.#doubt = reason;
    if (!isNew || !this.#isOpen || this.#isClosed) return;
    const { options, logger } = this.context;
    logger.error(
      { file: options.file, problems: [reason] },
      'the list has far fewer entries than before; it is used until there is another version',
    );
  }

  /** A version that was confirmed before the one in use was accepted is as doubtful as any. */
  async #isConfirmed({ digest }: Version): Promise<boolean> {
    try {
      const kept = await within<Kept | undefined>(WAIT_MS, this.kept.read());
      return kept?.confirmed === digest && !isBefore(kept, this.#inUseSinceMs);
    } catch (error) {
      this.#notKept(error);
      return false;
    }
  }

  #notKept(error: unknown): void {
    const reason = error instanceof VipLookupError ? error.message : (error as Error).name;
    if (this.#trouble === reason || this.#isClosed) return;
    this.#trouble = reason;
    this.context.logger.warn(
      { file: this.context.options.file, reason },
      'the database with the number of entries of the list cannot be used; trying again',
    );
  }
}

export function minShareOf({ minShare }: StaticFileOptions): number {
  return minShare ?? DEFAULT_MIN_SHARE;
}

/** What becomes of a version that is not confirmed, wherever it is read. */
export function whatFor(reason: string): string {
  return `${reason}; ${UNTIL_THEN}`;
}

/** One sentence for operations, with what can be done. */
export function reasonOf(
  { name, options }: Pick<ProviderContext<StaticFileOptions>, 'name' | 'options'>,
  before: number,
  { entries, notCounted }: Pick<Version, 'entries' | 'notCounted'>,
): string {
  const why = notCounted === '' ? '' : `; not counted are ${notCounted}`;
  return `${collapseOf(options.file, before, entries, minShareOf(options))} (minShare)${why}. If that is right, confirm this version by the command sync ${name} --confirm`;
}
