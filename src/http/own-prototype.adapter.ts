import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { endWith, endWithLatest, isEnding } from './gentle-close.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { answerRawProblems, MAX_HEADER_BYTES } from './raw-problems.js';
import { MAX_HEADERS, whyRefused } from './request-gate.js';
import { cutOffSlowReaders } from './slow-readers.js';
import type { TlsOptions } from 'node:tls';
import type { ManagementConfig } from './server.config.js';
import { ManagementServer } from './management-server.js';
import type { WatchedTls } from './watched-tls.js';

/** Times in milliseconds. */
export const LIMITS = {
  // A client that takes longer to send its headers, or its whole request, is disconnected.
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  // So is a client that reads nothing of a waiting answer for this long.
  answerTimeout: 20_000,
  // How often that is checked.
  connectionsCheckingInterval: 1_000,
  // An idle connection is closed after this: later than balancers do (commonly after 60 s), so that they close it first.
  keepAliveTimeout: 75_000,
  // A silent client of the TLS port is disconnected.
  handshakeTimeout: 5_000,
};
export type ServerLimits = typeof LIMITS;
/**
 * Connections that may wait to be accepted. The kernel refuses further ones, and their clients retry only after a
 * second, which a caller would have to wait.
 */
const BACKLOG = 4_096;

/**
 * Nest's Express adapter on a server that creates requests and responses with the prototypes that Express gives them.
 * Changing the prototype of an existing object makes V8 treat it as a dictionary from then on; setting the one that
 * it already has does nothing. See docs/adr/0010-a-short-way-through-http.md.
 */
export class OwnPrototypeAdapter extends ExpressAdapter {
  /** The second server, when `management.port` is configured. */
  management: ManagementServer | undefined;
  /** The certificate of the main port, when it has one. */
  certificate: WatchedTls | undefined;

  /**
   * @param tls certificate and key of the main port; without them it is plain HTTP
   * @param second the port of its own for operations; without it there is one port
   */
  constructor(
    private readonly tls?: TlsOptions,
    private readonly second?: ManagementConfig,
  ) {
    super();
  }

  override initHttpServer(): void {
    const app = this.getInstance<Express>();
    const classes = classesOf(app);
    this.httpServer = createHardServer(app, this.tls, LIMITS, classes);
    if (!this.second) return;
    this.management = new ManagementServer(this.second, createHardServer(app, undefined, LIMITS, classes));
  }

  /** From now on answers close their connection, so that clients open the next one elsewhere. */
  drain(): void {
    endWithLatest(this.httpServer);
    if (this.management) endWithLatest(this.management.server);
  }

  override listen(port: string | number, ...more: unknown[]): Server {
    const host = more.find((value) => typeof value === 'string');
    const callback = more.find((value) => typeof value === 'function') as (() => void) | undefined;
    const server = this.httpServer as Server;
    const listen = () => server.listen({ port: Number(port), host, backlog: BACKLOG }, callback);
    if (!this.management) return listen();
    // First, so that readiness can be checked from the start.
    this.management.listen(BACKLOG).then(listen, (error: unknown) => server.emit('error', error));
    return server;
  }

  /** The management port last, so that it reports the shutdown as long as a call is in progress. */
  override async close(): Promise<void> {
    await super.close();
    await this.management?.close();
  }
}

/**
 * A server that answers every error with problem details and disconnects slow clients; all servers of the service are
 * created here.
 * @param tls certificate and key; without them it is plain HTTP
 */
export function createHardServer(
  app: Express,
  tls?: TlsOptions,
  limits = LIMITS,
  classes = classesOf(app),
): Server {
  const options: ServerOptions = {
    ...limits,
    ...classes,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false, // whyRefused looks
  };
  const listener = throughGate(app);
  const server = tls ? createTlsServer({ ...tls, ...options }, listener) : createServer(options, listener);
  // One more than allowed, so that the excess is noticed.
  server.maxHeadersCount = MAX_HEADERS + 1;
  // A client that has closed its side still gets its answers.
  Object.assign(server, { httpAllowHalfOpen: true });
  answerRawProblems(server);
  cutOffSlowReaders(server, limits.answerTimeout, limits.connectionsCheckingInterval);
  return server;
}

function throughGate(app: Express): RequestListener {
  return (request, response) => {
    if (isEnding(request.socket)) return;
    const problem = whyRefused(request);
    if (problem !== undefined) return sendProblem(response, problem);
    // Node ignores the upgrade, and whatever arrives in the same packet.
    if (request.headers.upgrade !== undefined) endWith(response);
    app(request as Request, response as Response, (error?: unknown) =>
      sendProblem(response, error ?? new Problem(404)),
    );
  };
}

export function adapterOf(app: INestApplication): OwnPrototypeAdapter {
  return app.getHttpAdapter() as unknown as OwnPrototypeAdapter;
}

/** Call it once: Express has one prototype of each. */
function classesOf(app: Express): Required<Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>> {
  class AppRequest extends IncomingMessage {}
  class AppResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  app.request = AppRequest.prototype as unknown as Request;
  app.response = AppResponse.prototype as unknown as Response;
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
