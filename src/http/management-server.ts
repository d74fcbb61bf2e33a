import { NotFoundException } from '@nestjs/common';
import type { Express } from 'express';
import { Router } from 'express';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RESERVED_PATHS } from '../config/rules.js';
import type { ManagementConfig } from './server.config.js';

/** Time for probes that are being answered when everything else has stopped. */
const LAST_ANSWERS_MS = 500;

/** The server of `management.port`: plain HTTP whatever the main one is, and the same application behind it. */
export class ManagementServer {
  constructor(
    private readonly config: ManagementConfig,
    readonly server: Server,
  ) {}

  /**
   * Makes the addresses of the service itself answer on this port only, and all others on the main port only; elsewhere they
   * are 404. Express compares the paths here just as it does for the routes, so there is no spelling of a path that passes here
   * and means another there.
   * @param app without routes so far
   */
  separate(app: Express): void {
    const own = new WeakSet<IncomingMessage>();
    this.server.prependListener('request', (request) => own.add(request));
    const gate = Router();
    gate.use([...RESERVED_PATHS], (request, _response, next) => {
      next(own.has(request) ? 'router' : new NotFoundException());
    });
    gate.use((request, _response, next) => {
      next(own.has(request) ? new NotFoundException() : undefined);
    });
    app.use(gate);
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
