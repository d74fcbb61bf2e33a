import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { TEMPO } from './crm-http.tempo.js';
import type { CrmTempo } from './crm-http.tempo.js';
import type { HostNames } from './crm-http.dns.js';
import { undici } from './libraries.js';
import { backoffMs } from '../../plugin-api/index.js';

/** Detects a peer that vanished without closing the connection, and keeps firewalls from dropping an idle one. */
const TCP_KEEP_ALIVE_MS = 30_000;
/** Longest pause before a lost connection is replaced. */
const LAST_PAUSE_MS = 10_000;
/** A connection that ends sooner counts as a failed attempt. */
const LASTING_MS = 10_000;

type Connect = buildConnector.connector;
type Options = Parameters<Connect>[0];

/**
 * Makes undici's connections, and keeps at least one open at all times, so that a call finds it ready, with name
 * resolution and TLS handshake done. When the server closes an idle connection, a new one is made, at a limited rate.
 */
export class Connections {
  readonly #connector: Connect;
  readonly #target: Options;
  readonly #open = new Set<Socket>();
  /** Connected, but not yet given to undici. */
  #spare: Socket | undefined;
  #making: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #keepsWarm = false;
  /** Attempts in a row that failed or did not last. */
  #failures = 0;

  constructor(
    origin: string,
    private readonly names: HostNames,
    private readonly tempo: Pick<CrmTempo, 'connectMs' | 'connectLimitMs'> = TEMPO,
  ) {
    this.#connector = undici().buildConnector({
      timeout: tempo.connectLimitMs,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      lookup: names.lookup,
    });
    const { protocol, host, hostname, port } = new URL(origin);
    this.#target = { protocol, host, hostname: hostname.replace(/^\[|\]$/g, ''), port };
  }

  /** For the `connect` option of undici. */
  readonly connect: Connect = (options, done) => {
    const socket = this.#takeSpare();
    if (socket === undefined) this.#make(options, done);
    // undici does not expect the connection before its request for one has returned.
    else queueMicrotask(() => done(null, socket));
  };

  /**
   * Makes a connection if there is none, and from then on whenever the last one has ended.
   * @throws the error of the network
   */
  async warm(): Promise<void> {
    this.#keepsWarm = true;
    if (this.#open.size > 0) return;
    this.#making ??= this.#makeSpare().finally(() => (this.#making = undefined));
    await this.#making;
  }

  /** Closes the spare connection and stops making new ones in advance; undici closes those that it was given. */
  close(): void {
    this.#keepsWarm = false;
    clearTimeout(this.#timer);
    this.#takeSpare()?.destroy();
  }

  #make(options: Options, done: buildConnector.Callback): void {
    this.#connector(options, (...made) => {
      const [error, socket] = made;
      if (error !== null) {
        this.names.failed(this.#target.hostname);
        this.#gone(false);
      } else {
        const madeMs = performance.now();
        this.#open.add(socket);
        socket.once('close', () => {
          this.#open.delete(socket);
          this.#gone(performance.now() - madeMs > LASTING_MS);
        });
      }
      done(...made);
    });
  }

  #makeSpare(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#make(this.#target, (error, socket) => {
        if (error !== null) return reject(error);
        if (this.#keepsWarm) this.#spare = socket.on('readable', end).on('error', end).unref();
        else socket.destroy();
        resolve();
      });
    });
  }

  /** The spare connection; `undefined` if there is none, or the server has closed it. */
  #takeSpare(): Socket | undefined {
    const socket = this.#spare;
    this.#spare = undefined;
    if (socket === undefined || socket.destroyed || !socket.writable) return undefined;
    return socket.off('readable', end).off('error', end).ref();
  }

  /** A connection ended, or could not be made. */
  #gone(lasted: boolean): void {
    this.#failures = lasted ? 0 : this.#failures + 1;
    if (!this.#keepsWarm || this.#open.size > 0) return;
    const pauseMs = backoffMs(this.#failures, this.tempo.connectMs, LAST_PAUSE_MS);
    clearTimeout(this.#timer);
    // If it fails, the next lookup reports it; this only retries.
    this.#timer = setTimeout(() => void this.warm().catch(() => undefined), pauseMs).unref();
  }
}

/** Without a request, any input means that the server is closing the connection. */
function end(this: Socket): void {
  this.destroy();
}
