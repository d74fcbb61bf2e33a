import { backoffMs, VipLookupError, withTimeLimit } from '../plugin-api/index.js';
import type { ProviderLogger } from '../plugin-api/index.js';
import { closeDataSource } from './data-source.js';
import type { Session } from './session.js';
import { failureOf } from './failure-texts.js';

const FIRST_RETRY_MS = 1_000;
/** A recovery must be noticed within 5 s. */
const LAST_RETRY_MS = 4_000;
/** A lookup need not wait for the background: it retries itself, but no more often than this. */
const LOOKUP_RETRY_MS = 250;
/** Longer than connecting and waiting for another instance's migrations takes. */
const ATTEMPT_MS = 15_000;
/** The reason for a silent server, and for a file that another process keeps locked. */
export const NO_ANSWER = 'database did not answer while connecting';

/** Keeps one session to a database: created on first use, and retried in the background after a failure. */
export class DatabaseLink {
  readonly #closing = new AbortController();
  #session: Session | undefined;
  #attempt: Promise<Session> | undefined;
  #failure: { readonly error: VipLookupError; readonly atMs: number } | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connect: (signal: AbortSignal) => Promise<Session>,
    private readonly logger: ProviderLogger,
  ) {}

  /** The session, as soon as there is one; rejects with the reason if none can be created now. */
  async ready(): Promise<Session> {
    this.#closing.signal.throwIfAborted();
    if (this.#session?.isCurrent()) return this.#session;
    if (this.#session !== undefined) this.drop(this.#session);
    if (this.#attempt !== undefined) return this.#attempt;
    if (this.#failure !== undefined && performance.now() - this.#failure.atMs < LOOKUP_RETRY_MS) {
      throw this.#failure.error;
    }
    return (this.#attempt = this.#try());
  }

  /** Forgets a session that can no longer be used; the next call of `ready` creates a new one. */
  drop(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    void closeDataSource(session.dataSource);
  }

  /** Ends the session, or the attempt to create one, and stops trying. */
  async close(): Promise<void> {
    this.#closing.abort(new VipLookupError('the provider is closed'));
    clearTimeout(this.#timer);
    // The result of the attempt no longer matters.
    await this.#attempt?.catch(() => undefined);
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) await closeDataSource(session.dataSource);
  }

  async #try(): Promise<Session> {
    clearTimeout(this.#timer);
    try {
      const tooLate = new VipLookupError(NO_ANSWER);
      this.#session = await withTimeLimit(ATTEMPT_MS, [this.#closing.signal], this.connect, tooLate);
      if (this.#failure !== undefined) this.logger.info({}, 'database is available again');
      this.#failure = undefined;
      this.#failures = 0;
      return this.#session;
    } catch (error) {
      throw this.#failed(failureOf(error));
    } finally {
      this.#attempt = undefined;
    }
  }

  #failed(error: VipLookupError): VipLookupError {
    if (error.message !== this.#failure?.error.message && !this.#closing.signal.aborted) {
      this.logger.warn({ reason: error.message }, 'database is unavailable; retrying in the background');
    }
    this.#failure = { error, atMs: performance.now() };
    const pauseMs = backoffMs(this.#failures++, FIRST_RETRY_MS, LAST_RETRY_MS);
    if (!this.#closing.signal.aborted) {
      // The attempt itself stores and logs the failure.
      this.#timer = setTimeout(() => void this.ready().catch(() => undefined), pauseMs).unref();
    }
    return error;
  }
}
