import type { DataSource } from 'typeorm';
import type { ProviderLogger } from '../plugin-api/index.js';
import { POOL_SIZE, warmUp } from './data-source.js';
import { DatabaseLink } from './link.js';
import type { Session } from './session.js';
import { failureOf } from './failure-texts.js';
import { isConnectionLost, needsNewSession } from './failures.js';
import { backoffMs, untilAborted, withTimeLimit } from '../plugin-api/index.js';

/** Settles as soon as the signal aborts. */
export type Work<T> = (dataSource: DataSource, signal: AbortSignal) => Promise<T>;

/** How long a node in trouble is not used before it is tried again: the first time, doubling up to the second value. */
const FIRST_REST_MS = 500;
const LAST_REST_MS = 2_000;
const PROBE_LIMIT_MS = 1_000;

/** One server of a database: its session, and whether it can be expected to answer. */
export class DatabaseNode {
  readonly #link: DatabaseLink;
  #trouble: string | undefined;
  #isTold = false;
  #rests = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param name shown to operators, `host:port`
   * @param probe fails where `read` would
   */
  constructor(
    readonly name: string,
    connect: (signal: AbortSignal) => Promise<Session>,
    private readonly probe: Work<unknown>,
    linkLogger: ProviderLogger,
    private readonly logger: ProviderLogger,
  ) {
    this.#link = new DatabaseLink(connect, linkLogger);
  }

  /** Why it is not used now; `undefined` if it is healthy, as far as is known. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Connects, and opens connections for calls. */
  async open(): Promise<void> {
    await warmUp((await this.#link.ready()).dataSource);
  }

  /** Runs work that may be repeated. */
  async read<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    for (let spoiled = 0; ; spoiled++) {
      const session = await untilAborted(this.#link.ready(), signal);
      try {
        return await work(session.dataSource, signal);
      } catch (error) {
        if (needsNewSession(error)) this.#link.drop(session);
        // Connections may have died in the pool. Each dead one is removed when it is found, and then a new one is made.
        if (signal.aborted || !isConnectionLost(error) || spoiled === POOL_SIZE) throw error;
      }
    }
  }

  /** Runs work that must not be repeated: if the connection is lost, nobody knows whether it was done. */
  async write<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    const session = await untilAborted(this.#link.ready(), signal);
    try {
      return await work(session.dataSource, signal);
    } catch (error) {
      if (isConnectionLost(error) || needsNewSession(error)) this.#link.drop(session);
      throw error;
    }
  }

  /** Stops using it until it answers again, which is checked in the background. */
  suspect(error: unknown): void {
    if (this.#isClosed) return;
    const isNew = this.#trouble === undefined;
    this.#trouble = failureOf(error).message;
    if (isNew) this.#tryAfterRest();
  }

  /** Checks whether it answers. Never rejects: `trouble` then has the reason. */
  async try(signal: AbortSignal): Promise<void> {
    try {
      await this.read(this.probe, signal);
      this.#isWell();
    } catch (error) {
      this.suspect(signal.aborted ? new NoAnswer() : error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#link.close();
  }

  #tryAfterRest(): void {
    clearTimeout(this.#timer);
    const restMs = backoffMs(this.#rests++, FIRST_REST_MS, LAST_REST_MS);
    this.#timer = setTimeout(() => void this.#tryAgain(), restMs).unref();
  }

  async #tryAgain(): Promise<void> {
    await withTimeLimit(PROBE_LIMIT_MS, [], (signal) => this.try(signal));
    if (this.#trouble === undefined || this.#isClosed) return;
    // Logged only now: a node that was slow once is not worth a line.
    if (!this.#isTold) {
      this.#isTold = true;
      this.logger.warn(
        { node: this.name, reason: this.#trouble },
        'database node is failing; the other nodes are used',
      );
    }
    this.#tryAfterRest();
  }

  #isWell(): void {
    if (this.#isTold) this.logger.info({ node: this.name }, 'database node is used again');
    this.#trouble = undefined;
    this.#isTold = false;
    this.#rests = 0;
    clearTimeout(this.#timer);
  }
}

/** The reason for a server that accepts queries but does not answer. */
export class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';
}
