import { readFile } from 'node:fs/promises';
import { createClient, ErrorReply } from 'redis';
import { VipLookupError } from 'smartrouting-vip/plugin-api';

type Redis = ReturnType<typeof clientFor>;

const CONNECT_MS = 2_000;
/** A connection that is silent for this long is closed and replaced. Must be more than `PING_MS`. */
const SILENCE_MS = 3_000;
const PING_MS = 1_000;
const LONGEST_PAUSE_MS = 2_000;
/** Requests without an answer; a Redis that keeps up has a handful. */
const MAX_UNANSWERED = 1_000;

/**
 * One connection to Redis, shared by all calls, that reconnects automatically. Requests wait for the first try to connect;
 * later, they fail at once while there is no connection.
 */
export class RedisLink {
  #client: Redis | undefined;
  #firstTry: Promise<unknown> = Promise.resolve();
  /** Why there is no connection. */
  #trouble = 'not connected yet';
  #closed = false;

  /** @param caFile absolute path */
  constructor(
    private readonly url: string,
    private readonly caFile: string | undefined,
  ) {}

  /** Resolves once connected; rejects when the first try failed. Further tries go on either way, until `close`. */
  async open(): Promise<void> {
    const connected = this.#connect();
    this.#firstTry = connected.catch(() => undefined); // `ask` tells of it
    return connected;
  }

  /**
   * Asks one question.
   * @throws VipLookupError with a reason that operations may read; the signal's own reason when that was first
   */
  async ask<T>(question: (client: Redis) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (!this.#client?.isReady) await unlessAborted(this.#firstTry, signal);
    const client = this.#client;
    if (!client?.isReady) throw new VipLookupError(this.#trouble);
    const answer = question(client.withAbortSignal(signal) as Redis);
    // The client's own `socketTimeout` begins again with each question that is sent.
    const silence = setTimeout(() => this.#renew(client), SILENCE_MS);
    const settled = () => clearTimeout(silence);
    answer.then(settled, settled);
    try {
      return await unlessAborted(answer, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new VipLookupError(reasonOf(error));
    }
  }

  close(): void {
    this.#closed = true;
    this.#client?.destroy();
  }

  async #connect(): Promise<void> {
    const ca = this.caFile === undefined ? undefined : await this.#read(this.caFile);
    if (this.#closed) return;
    const client = clientFor(this.url, ca);
    this.#client = client;
    await new Promise<void>((connected, failed) => {
      client.on('ready', connected);
      client.on('error', (error: unknown) => {
        const reason = reasonOf(error);
        if (client === this.#client) this.#trouble = reason;
        failed(new VipLookupError(reason));
      });
      client.connect().catch(failed); // rejects only when closed: the tries never end
    });
  }

  /** For a connection that is open but dead, for example because a firewall has dropped it. */
  #renew(silent: Redis): void {
    if (silent !== this.#client || this.#closed) return;
    this.#trouble = `Redis was silent for ${SILENCE_MS} ms`;
    silent.destroy();
    this.#connect().catch(() => undefined); // its failure is the new trouble
  }

  async #read(path: string): Promise<Buffer> {
    try {
      return await readFile(path);
    } catch (error) {
      this.#trouble = `the file named under ca cannot be read (${(error as NodeJS.ErrnoException).code}); correct it and restart`;
      throw new VipLookupError(this.#trouble);
    }
  }
}

function clientFor(url: string, ca: Buffer | undefined) {
  return createClient({
    url,
    socket: {
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS),
      ...(ca !== undefined && { tls: true as const, ca }),
    },
    pingInterval: PING_MS,
    // A caller cannot wait for a server that is down.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_UNANSWERED,
  });
}

/** The client's own `abortSignal` drops only requests that were not sent yet; here the answers of sent ones are not awaited either. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** `ECONNREFUSED`, `SocketTimeoutError`, or the first word of Redis's own error (`WRONGPASS`, `LOADING`): others may quote data. */
function reasonOf(error: unknown): string {
  if (error instanceof ErrorReply) return `Redis answered ${error.message.split(' ', 1)[0]}`;
  const { code, constructor } = error as { code?: string; constructor: { name: string } };
  return `no answer from Redis (${code ?? constructor.name})`;
}
