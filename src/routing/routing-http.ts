import type { ArgumentsHost, ExceptionFilter, PipeTransform } from '@nestjs/common';
import { Catch, createParamDecorator, HttpException, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { CredentialConfig } from '../config/app-config.js';
import { readJsonBody } from '../http/json-body.js';
import { sendProblem } from '../http/problem.filter.js';
import { DecisionLog } from './decision-log.js';
import type { Reason } from './decision.js';
import { RoutingRequest } from './routing.request.js';

/** A request as the guard leaves it. */
export interface RoutingHttpRequest extends Request {
  user?: CredentialConfig;
}

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

/** Parameter decorator: the parsed JSON body, read only now that the guard has let the request in. */
export const JsonBody = createParamDecorator(async (_: unknown, context) => {
  const http = context.switchToHttp();
  arrivalMs(http.getRequest<Request>());
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
export class RoutingExceptionFilter implements ExceptionFilter {
  constructor(private readonly log: DecisionLog) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<RoutingHttpRequest>();
    const response = http.getResponse<Response>();
    const credential = request.user?.id;
    if (credential === undefined) return sendProblem(response, exception);
    if (exception instanceof HttpException) {
      this.log.refused(exception.getStatus(), credential, arrivalMs(request));
      if (!response.headersSent) setDecisionHeaders(response, 'invalid-request');
      return sendProblem(response, exception);
    }
    this.log.failed(exception, credential, arrivalMs(request));
    if (response.headersSent) return void response.destroy();
    setDecisionHeaders(response, 'lookup-failed');
    response.writeHead(204).end();
  }
}
