import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ManagementConfig } from '../config/app-config.js';

/** Probes that are being answered when everything else has stopped. */
const LAST_ANSWERS_MS = 500;

/** The server of `management.port`: plain HTTP whatever the main one is, and the same application behind it. */
export class ManagementServer {
  readonly server: Server;
  readonly #requests = new WeakSet<IncomingMessage>();

  constructor(
    private readonly config: ManagementConfig,
    options: ServerOptions,
    application: RequestListener,
  ) {
    this.server = createServer(options, (request, response) => {
      this.#requests.add(request);
      application(request, response);
    });
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

  /** @throws Error of the socket, with the `setting` that would mend it */
  async listen(backlog: number): Promise<void> {
    this.server.listen({ ...this.config, backlog });
    try {
      await once(this.server, 'listening');
    } catch (error) {
      throw Object.assign(error as Error, { setting: 'management.port' });
    }
  }

  async close(): Promise<void> {
    const limit = setTimeout(() => this.server.closeAllConnections(), LAST_ANSWERS_MS);
    await new Promise((resolve) => this.server.close(resolve));
    clearTimeout(limit);
  }
}
