import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a fault proxy does to connections.
 * - `none`: passes everything on; `refuse`: nobody listens; `reset`: resets a connection as soon as something is sent
 *   on it;
 * - `hang`: accepts everything and passes nothing on, as behind a firewall that has forgotten the connection;
 * - `garbage`: sends new connections a text that belongs to no protocol, and closes them;
 * - `delayMs`: delays every piece of an answer by that time; `truncateAfter`: ends a connection after that many bytes
 *   of answers, counted from now.
 * @since 0.1.0
 */
export type Fault =
  | 'none'
  | 'refuse'
  | 'reset'
  | 'hang'
  | 'garbage'
  | { readonly delayMs: number }
  | { readonly truncateAfter: number };

/**
 * Sits between a provider and its backend, and disturbs the traffic.
 * @since 0.1.0
 */
export interface FaultProxy {
  /** On 127.0.0.1; stays the same whatever the fault. */
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Takes effect at once, even for open connections; `refuse` breaks those. */
  set(fault: Fault): Promise<void>;
  /** Breaks the connections and frees the port. */
  stop(): Promise<void>;
}

/**
 * Starts a proxy for any protocol over TCP.
 * @param target the backend: port, and host unless it is 127.0.0.1
 * @param fault from the start; `none` unless given
 * @since 0.1.0
 */
export async function startFaultProxy(
  target: { readonly port: number; readonly host?: string },
  fault: Fault = 'none',
): Promise<FaultProxy> {
  const proxy = new RunningProxy(target);
  await proxy.listen(0);
  await proxy.set(fault);
  return proxy;
}

/**
 * A server that accepts connections and requests, and never answers.
 * @since 0.1.0
 */
export type HeldServer = Omit<FaultProxy, 'set'>;

/**
 * Starts a server that holds every request; for `startHeld` of a harness.
 * @since 0.1.0
 */
export function startHeldServer(): Promise<HeldServer> {
  // A hanging proxy does not connect to the backend.
  return startFaultProxy({ port: 0 }, 'hang');
}

class RunningProxy implements FaultProxy {
  port = 0;
  #fault: Fault = 'none';
  #server: Server | undefined;
  readonly #links = new Set<Link>();

  constructor(private readonly target: { readonly port: number; readonly host?: string }) {}

  get connections(): number {
    return this.#links.size;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((client) => this.#accept(client));
    await once(server.listen(port, '127.0.0.1'), 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async set(fault: Fault): Promise<void> {
    this.#fault = fault;
    for (const link of this.#links) link.fault(fault);
    if (fault === 'refuse') await this.stop();
    else if (this.#server === undefined) await this.listen(this.port);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const link of this.#links) link.end();
    await closed;
  }

  #accept(client: Socket): void {
    const link = new Link(client, this.target, this.#fault);
    this.#links.add(link);
    client.on('close', () => this.#links.delete(link));
  }
}

/** One connection of the provider, and the one to the backend that belongs to it. */
class Link {
  readonly #backend: Socket | undefined;
  readonly #over = new AbortController();
  #fault!: Fault;
  /** Bytes that may still pass to the client. */
  #left = Infinity;
  /** Pieces of answers are sent in the order in which they came, however long each is delayed. */
  #sent: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: Socket,
    target: { readonly port: number; readonly host?: string },
    fault: Fault,
  ) {
    client.on('error', () => this.end()).on('close', () => this.end());
    client.on('data', (chunk) => this.#asked(chunk));
    if (fault === 'garbage') {
      client.end('\u0007This is not what you expected.\r\n');
    } else if (fault !== 'hang') {
      this.#backend = connect(target.port, target.host ?? '127.0.0.1');
      // If the provider keeps it open, it must not count as the provider's own connection.
      this.#backend.unref();
      this.#backend.on('error', () => this.end()).on('data', (chunk) => this.#answered(chunk));
      this.#backend.on('close', () => void this.#sent.then(() => client.end()));
    }
    this.fault(fault);
  }

  fault(fault: Fault): void {
    this.#fault = fault;
    this.#left = typeof fault === 'object' && 'truncateAfter' in fault ? fault.truncateAfter : Infinity;
  }

  end(): void {
    this.#over.abort();
    this.client.destroy();
    this.#backend?.destroy();
  }

  #asked(chunk: Buffer): void {
    if (this.#fault === 'reset') this.client.resetAndDestroy();
    else if (this.#fault !== 'hang') this.#backend?.write(chunk);
  }

  #answered(chunk: Buffer): void {
    const fault = this.#fault;
    if (fault === 'hang') return;
    const delayMs = typeof fault === 'object' && 'delayMs' in fault ? fault.delayMs : 0;
    const dueMs = performance.now() + delayMs;
    const send = async (): Promise<void> => {
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#over.signal });
      const passed = chunk.subarray(0, this.#left);
      this.#left -= passed.length;
      this.client.write(passed);
      if (this.#left === 0) this.client.end(() => this.end());
    };
    this.#sent = this.#sent.then(send).catch(() => this.end());
  }
}
