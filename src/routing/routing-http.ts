import type { ArgumentsHost, PipeTransform } from '@nestjs/common';
import { Catch, createParamDecorator, HttpException, Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { AuthenticatedRequest } from '../auth/authenticated-request.js';
import { sendAtEndOfTurn } from '../http/end-of-turn.js';
import { readJsonBody } from '../http/json-body.js';
import type { TimedRequest } from '../http/own-prototype.adapter.js';
import { ProblemFilter, sendProblem } from '../http/problem.filter.js';
import type { CallTrace } from '../observability/call-trace.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DecisionLog } from './decision-log.js';
import type { Reason } from './decision.js';
import { Overloaded } from './load.guard.js';
import { RoutingRequest } from './routing.request.js';
import type { TargetsConfig } from './targets.config.js';

/** What the endpoint gets: made by `OwnPrototypeAdapter`, let in by `CallerGuard`. */
export type RoutingHttpRequest = AuthenticatedRequest<TargetsConfig> & TimedRequest & { trace?: CallTrace };

/** Parameter decorator: the parsed JSON body, read only now that the guard has let the request in. */
export const JsonBody = createParamDecorator((_: unknown, context) =>
  readJsonBody(context.switchToHttp().getRequest<Request>()),
);

/** Parsed body -> `RoutingRequest`, or a 400 that lists every problem. */
@Injectable()
export class RoutingRequestPipe implements PipeTransform<unknown, RoutingRequest> {
  transform(body: unknown): RoutingRequest {
    return RoutingRequest.from(body);
  }
}

/**
 * The answer to a decided call.
 * @param json the instructions; none = 204, "proceed normally"
 */
export function answer(response: Response, reason: Reason, json?: string): void {
  const headers = ['X-SmartRouting-Reason', reason, 'Cache-Control', 'no-store'];
  if (json === undefined) return sendAtEndOfTurn(response, 204, headers);
  headers.push('Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(json)));
  sendAtEndOfTurn(response, 200, headers, json);
}

/**
 * Refusals become problem details, as everywhere. Anything unexpected on an authenticated request fails open: 204, since
 * comparable phone systems switch an endpoint off after a burst of errors.
 */
@Catch()
@Injectable()
export class RoutingExceptionFilter extends ProblemFilter {
  constructor(
    @Inject(LOGGER) logger: Logger,
    private readonly log: DecisionLog,
  ) {
    super(logger);
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<RoutingHttpRequest>();
    const response = http.getResponse<Response>();
    if (exception instanceof Overloaded) {
      this.log.shed(request.arrivedMs);
      return answer(response, 'overloaded');
    }
    if (!isAuthenticated(request)) return super.catch(exception, host);
    if (exception instanceof HttpException) {
      this.log.refused(exception, request);
      if (!response.headersSent) response.setHeader('X-SmartRouting-Reason', 'invalid-request');
      return sendProblem(response, exception);
    }
    this.log.failed(exception, request);
    if (response.headersSent) return void response.destroy();
    answer(response, 'lookup-failed');
  }
}

function isAuthenticated(request: Partial<AuthenticatedRequest>): boolean {
  return request.user !== undefined;
}
