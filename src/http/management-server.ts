import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ManagementConfig } from './management.config.js';

/** Time for probes that are being answered when everything else has stopped. */
const LAST_ANSWERS_MS = 500;

/** The server of `management.port`: plain HTTP whatever the main one is, and the same application behind it. */
export class ManagementServer {
  readonly #requests = new WeakSet<IncomingMessage>();

  /** @param server that passes requests to the application */
  constructor(
    private readonly config: ManagementConfig,
    readonly server: Server,
  ) {
    server.prependListener('request', (request) => this.#requests.add(request));
  }

  /** Whether the request came to this port. */
  received(request: IncomingMessage): boolean {
    return this.#requests.has(request);
  }

  /** `http://127.0.0.1:9090`, once it listens. */
  get url(): string {
    const { address, port, family } = this.server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address === '::' ? '::1' : address}]` : address;
    return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  }

  /** @throws Error of the socket, with the `section` of the configuration that it concerns */
  async listen(backlog: number): Promise<void> {
    this.server.listen({ ...this.config, backlog });
    try {
      await once(this.server, 'listening');
    } catch (error) {
      throw Object.assign(error as Error, { section: 'management' });
    }
  }

  async close(): Promise<void> {
    const limit = setTimeout(() => this.server.closeAllConnections(), LAST_ANSWERS_MS);
    await new Promise((resolve) => this.server.close(resolve));
    clearTimeout(limit);
  }
}
