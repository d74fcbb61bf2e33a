import type { StateDatabase } from './state-database.js';
import { VipLookupError } from '../plugin-api/index.js';

/** Renewals within the time that a lease holds; two may fail. */
const RENEWALS = 3;

/** A right that one instance has for a while, and renews while it is at work. The database's clock says when it is over. */
export class Lease {
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #heldUntilMs = 0;
  #isReleased = false;

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

  /** @returns false when somebody else has it */
  async take(): Promise<boolean> {
    const { provider, name, owner, holdMs } = this;
    const askedMs = performance.now();
    const { now } = this.database;
    const isMine =
      (await this.database.insert('provider_lease', {
        provider,
        name,
        owner,
        expires_ms: { sql: `${now} + ?`, parameters: [holdMs] },
      })) ||
      (await this.database.change(
        // It is ours already where the node was lost that we asked first, after it had passed the row on to the others.
        `UPDATE provider_lease SET owner = ?, expires_ms = ${now} + ? WHERE provider = ? AND name = ? AND (expires_ms <= ${now} OR owner = ?)`,
        [owner, holdMs, provider, name, owner],
      )) > 0;
    if (isMine) this.#held(askedMs);
    return isMine;
  }

  /** Lets others have it. Where the database cannot be told, it ends by itself. */
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

  #held(askedMs: number): void {
    this.#heldUntilMs = askedMs + this.holdMs;
    this.#renewSoon();
  }

  #renewSoon(): void {
    if (this.#isReleased) return;
    const dueMs = Math.min(this.holdMs / RENEWALS, Math.max(0, this.#heldUntilMs - performance.now()));
    this.#timer = setTimeout(() => void this.#renew(), dueMs).unref();
  }

  async #renew(): Promise<void> {
    const { provider, name, owner, holdMs } = this;
    const askedMs = performance.now();
    try {
      const { now } = this.database;
      const renewed = await this.database.change(
        `UPDATE provider_lease SET expires_ms = ${now} + ? WHERE provider = ? AND name = ? AND owner = ?`,
        [holdMs, provider, name, owner],
      );
      if (renewed > 0) return this.#held(askedMs);
      this.#lose('another instance took over');
    } catch {
      // The database may be back in time; told only when it was not.
      if (performance.now() < this.#heldUntilMs) this.#renewSoon();
      else this.#lose('the database could not be reached to keep it');
    }
  }

  #lose(why: string): void {
    if (!this.#isReleased) this.#lost.abort(new VipLookupError(`the exclusive right was lost: ${why}`));
  }
}
