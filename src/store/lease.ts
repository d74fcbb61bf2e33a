import type { ExclusiveRight } from '../plugin-api/provider-state.js';
import { VipLookupError } from '../plugin-api/index.js';
import type { StateDatabase } from './state-database.js';

/** Renewals within the duration of a lease; two may fail. */
const RENEWALS = 3;

/**
 * A right that one instance holds for a limited time, and renews while it is working. The database's clock decides
 * when it ends.
 */
export class Lease implements ExclusiveRight {
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #askedAt: Moment = { clockMs: -Infinity, wallMs: -Infinity };
  #isReleased = false;
  #isTakenOver = false;

  /** @param owner unique to this lease: a successor has another, so it shows whether a lease is still the same */
  constructor(
    private readonly database: StateDatabase,
    private readonly provider: string,
    private readonly name: string,
    private readonly owner: string,
    private readonly holdMs: number,
  ) {}

  /** Aborts when the right is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  get isTakenOver(): boolean {
    return this.#isTakenOver;
  }

  get isHeld(): boolean {
    return !this.#isReleased && !this.#lost.signal.aborted && sinceMs(this.#askedAt) < this.holdMs;
  }

  /** A condition for statements, so that they do nothing once another instance has had the right. */
  get condition(): Condition {
    return {
      sql: 'EXISTS (SELECT 1 FROM provider_lease WHERE provider = ? AND name = ? AND owner = ?)',
      parameters: [this.provider, this.name, this.owner],
    };
  }

  /** @returns false if another instance holds it */
  async take(): Promise<boolean> {
    const { provider, name, owner, holdMs } = this;
    const askedAt = moment();
    const { now } = this.database;
    const inserted = await this.database.insert(
      `INSERT INTO provider_lease (provider, name, owner, expires_ms) VALUES (?, ?, ?, ${now} + ?)`,
      [provider, name, owner, holdMs],
    );
    this.#isTakenOver =
      inserted === 0 &&
      (await this.database.change(
        // It is already ours if the node that we asked first was lost after it had replicated the row.
        `UPDATE provider_lease SET owner = ?, expires_ms = ${now} + ? WHERE provider = ? AND name = ? AND (expires_ms <= ${now} OR owner = ?)`,
        [owner, holdMs, provider, name, owner],
      )) > 0;
    if (inserted === 0 && !this.#isTakenOver) return false;
    this.#askedAt = askedAt;
    this.#renewSoon();
    return true;
  }

  async confirm(): Promise<boolean> {
    if (this.#isReleased || this.#lost.signal.aborted) return false;
    const { provider, name, owner, holdMs } = this;
    const askedAt = moment();
    const renewed = await this.database.change(
      `UPDATE provider_lease SET expires_ms = ${this.database.now} + ? WHERE provider = ? AND name = ? AND owner = ?`,
      [holdMs, provider, name, owner],
    );
    if (renewed > 0) this.#askedAt = askedAt;
    else this.#lose('another instance took over');
    return renewed > 0;
  }

  /**
   * Finds out why a statement with this lease's condition did nothing.
   * @throws VipLookupError if the lease was the reason
   */
  async assertMine(): Promise<void> {
    const { sql, parameters } = this.condition;
    const [row] = await this.database.select(`SELECT ${sql} AS mine`, parameters);
    if (Number(row?.['mine']) !== 1) throw this.#lose('another instance took over');
  }

  /** Releases the right. If the database cannot be reached, the lease expires by itself. */
  async release(): Promise<void> {
    this.#isReleased = true;
    clearTimeout(this.#timer);
    const { provider, name, owner } = this;
    await this.database
      .change('DELETE FROM provider_lease WHERE provider = ? AND name = ? AND owner = ?', [
        provider,
        name,
        owner,
      ])
      .catch(() => undefined);
  }

  #renewSoon(): void {
    if (this.#isReleased) return;
    const dueMs = Math.min(this.holdMs / RENEWALS, Math.max(0, this.holdMs - sinceMs(this.#askedAt)));
    this.#timer = setTimeout(() => void this.#renew(), dueMs).unref();
  }

  async #renew(): Promise<void> {
    try {
      if (await this.confirm()) this.#renewSoon();
    } catch {
      // The database may be back in time; reported only if it is not.
      if (this.isHeld) this.#renewSoon();
      else this.#lose('the database could not be reached to keep it');
    }
  }

  #lose(why: string): VipLookupError {
    const lost = new VipLookupError(`the exclusive right was lost: ${why}`);
    if (!this.#isReleased) this.#lost.abort(lost);
    return lost;
  }
}

export interface Condition {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** By two clocks: the monotonic one, which nobody sets but which stops while a machine sleeps, and the wall clock. */
interface Moment {
  readonly clockMs: number;
  readonly wallMs: number;
}

function moment(): Moment {
  return { clockMs: performance.now(), wallMs: Date.now() };
}

/** By the clock that has advanced further. */
function sinceMs({ clockMs, wallMs }: Moment): number {
  return Math.max(performance.now() - clockMs, Date.now() - wallMs);
}
