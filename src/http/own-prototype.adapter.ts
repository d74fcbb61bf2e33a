import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

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
  override initHttpServer({ httpsOptions }: NestApplicationOptions): void {
    const app = this.getInstance<Express>();
    const options = { ...LIMITS, ...classesOf(app) };
    this.httpServer = httpsOptions
      ? createTlsServer({ ...httpsOptions, ...options, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, app)
      : createServer(options, app);
  }

  /** From now on answers end their connection, so that clients open the next one elsewhere. */
  drain(): void {
    (this.httpServer as Server).prependListener(
      'request',
      (_, response) => (response.shouldKeepAlive = false),
    );
  }

  override listen(port: string | number, callback?: () => void): Server;
  override listen(port: string | number, host: string, callback?: () => void): Server;
  override listen(port: string | number, ...more: unknown[]): Server {
    const host = more.find((value) => typeof value === 'string');
    const callback = more.find((value) => typeof value === 'function') as (() => void) | undefined;
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, callback);
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
