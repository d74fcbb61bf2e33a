import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import type { ManagementConfig } from '../config/app-config.js';
import { ManagementServer } from './management-server.js';

const LIMITS: ServerOptions = {
  /** A client that takes longer to send its headers, or its whole request, is cut off. */
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  /** How often that is looked at. */
  connectionsCheckingInterval: 1_000,
  /** Longer than the 60 s that balancers commonly keep an idle connection, so that it is they who close it. */
  keepAliveTimeout: 75_000,
};
/** A client of the TLS port that says nothing. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/**
 * Connections that may wait to be accepted. The kernel turns further ones away, and they come back only after a second,
 * which a caller would have to wait.
 */
const BACKLOG = 4_096;

export interface AdapterOptions {
  /** Without it the main port is plain HTTP. */
  readonly tls?: TlsOptions | undefined;
  /** Without it there is one port. */
  readonly management?: ManagementConfig | undefined;
}

/** A request that knows when its headers had come. */
export interface TimedRequest {
  /** `performance.now()`, milliseconds. */
  readonly arrivedMs: number;
}

/**
 * Nest's Express adapter on a server whose requests and responses are born with the prototypes that Express gives to
 * each. Changing the prototype of a living object makes V8 treat it as a dictionary from then on; setting the one that
 * it has does nothing. See docs/adr/0010-a-short-way-through-http.md.
 */
export class OwnPrototypeAdapter extends ExpressAdapter {
  /** The second server, when `management.port` is configured. */
  management: ManagementServer | undefined;

  constructor(private readonly settings: AdapterOptions = {}) {
    super();
  }

  override initHttpServer(): void {
    const app = this.getInstance<Express>();
    const options = { ...LIMITS, ...classesOf(app) };
    const { tls, management } = this.settings;
    this.httpServer = tls
      ? createTlsServer({ ...tls, ...options, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, app)
      : createServer(options, app);
    this.management = management && new ManagementServer(management, options, app);
  }

  /** From now on answers end their connection, so that clients open the next one elsewhere. */
  drain(): void {
    for (const server of [this.httpServer as Server, this.management?.server]) {
      server?.prependListener('request', (_, response) => (response.shouldKeepAlive = false));
    }
  }

  override listen(port: string | number, callback?: () => void): Server;
  override listen(port: string | number, host: string, callback?: () => void): Server;
  override listen(port: string | number, ...more: unknown[]): Server {
    const host = more.find((value) => typeof value === 'string');
    const callback = more.find((value) => typeof value === 'function') as (() => void) | undefined;
    const server = this.httpServer as Server;
    const listen = () => server.listen({ port: Number(port), host, backlog: BACKLOG }, callback);
    if (!this.management) return listen();
    // First, so that whoever waits for readiness can ask from the start.
    this.management.listen(BACKLOG).then(listen, (error: unknown) => server.emit('error', error));
    return server;
  }

  /** The management port last, so that it tells of the shutdown as long as there is a call in hand. */
  override async close(): Promise<void> {
    await super.close();
    await this.management?.close();
  }
}

function classesOf(app: Express): {
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse;
} {
  class AppRequest extends IncomingMessage implements TimedRequest {
    readonly arrivedMs = performance.now();
  }
  class AppResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  app.request = AppRequest.prototype as unknown as Request;
  app.response = AppResponse.prototype as unknown as Response;
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
