import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, HttpException, Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { Problem, problemDetails } from './problem.js';
import type { ProblemDetails } from './problem.js';

/** Answers every refused request as `application/problem+json` (RFC 9457), without framework texts or stacks. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (!(exception instanceof HttpException) && clientError(exception) === undefined) {
      this.logger.error({ error: exception }, 'unexpected error while answering a request');
    }
    sendProblem(response, exception);
  }
}

/** Writes the problem that an exception stands for; other than HTTP exceptions it is a plain 500. */
export function sendProblem(response: Response, exception: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = toProblem(exception);
  if (exception instanceof Problem) response.set(exception.more.headers ?? {});
  response.removeHeader('ETag');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/problem+json');
  response.statusCode = body.status;
  response.end(JSON.stringify(body));
}

function toProblem(exception: unknown): ProblemDetails {
  if (exception instanceof Problem) return exception.body;
  if (exception instanceof HttpException) return problemDetails(exception.getStatus());
  return problemDetails(clientError(exception) ?? 500);
}

/** Express reports a malformed URL or body as an error with a 4xx status of its own. */
function clientError(exception: unknown): number | undefined {
  const status =
    typeof exception === 'object' && exception !== null
      ? (exception as { status?: unknown }).status
      : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
