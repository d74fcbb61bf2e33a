import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

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
    const classes = classesOf(app);
    this.httpServer = httpsOptions
      ? createTlsServer({ ...httpsOptions, ...classes }, app)
      : createServer(classes, app);
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
