import type { ArgumentsHost, CanActivate, ExecutionContext, PipeTransform } from '@nestjs/common';
import { Catch, createParamDecorator, HttpException, Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { AuthenticatedRequest } from '../auth/authenticated-request.js';
import { readJsonBody } from '../http/json-body.js';
import { ProblemFilter, sendProblem } from '../http/problem.filter.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DecisionLog } from './decision-log.js';
import type { Reason } from './decision.js';
import { RoutingRequest } from './routing.request.js';

const arrivals = new WeakMap<object, number>();

/** `performance.now()` when this was first asked for the request. */
export function arrivalMs(request: object): number {
  let arrivedMs = arrivals.get(request);
  if (arrivedMs === undefined) {
    arrivedMs = performance.now();
    arrivals.set(request, arrivedMs);
  }
  return arrivedMs;
}

/** Starts the call's clock; stands before the guard that checks credentials, because Core waits for that as well. */
@Injectable()
export class StartClock implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    arrivalMs(context.switchToHttp().getRequest<Request>());
    return true;
  }
}

/** Parameter decorator: the parsed JSON body, read only now that the guard has let the request in. */
export const JsonBody = createParamDecorator(async (_: unknown, context) => {
  const http = context.switchToHttp();
  return readJsonBody(http.getRequest<Request>(), http.getResponse<Response>());
});

/** Parsed body -> `RoutingRequest`, or a 400 that lists every problem. */
@Injectable()
export class RoutingRequestPipe implements PipeTransform<unknown, RoutingRequest> {
  transform(body: unknown): RoutingRequest {
    return RoutingRequest.from(body);
  }
}

/** Headers that every answer to an authenticated POST carries. */
export function setDecisionHeaders(response: Response, reason: Reason): void {
  response.setHeader('X-SmartRouting-Reason', reason);
  response.setHeader('Cache-Control', 'no-store');
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
    const request = http.getRequest<Partial<AuthenticatedRequest>>();
    const response = http.getResponse<Response>();
    const credential = request.user?.id;
    if (credential === undefined) return super.catch(exception, host);
    if (exception instanceof HttpException) {
      this.log.refused(exception, credential, arrivalMs(request));
      if (!response.headersSent) setDecisionHeaders(response, 'invalid-request');
      return sendProblem(response, exception);
    }
    this.log.failed(exception, credential, arrivalMs(request));
    if (response.headersSent) return void response.destroy();
    setDecisionHeaders(response, 'lookup-failed');
    response.writeHead(204).end();
  }
}
