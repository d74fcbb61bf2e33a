import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, HttpException } from '@nestjs/common';
import type { Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../observability/logger.js';
import { endWith, lingerAtClose } from './gentle-close.js';
import { Problem } from './problem.js';
import { closeIfRefused } from './refused.js';

/** Answers every refused request as `application/problem+json` (RFC 9457), without framework texts or stacks. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (!(exception instanceof HttpException) && clientError(exception) === undefined) {
      this.logger.error({ error: exception }, 'unexpected error while answering a request');
    }
    sendProblem(response, exception);
  }
}

/** Writes the problem for an exception; anything but an HTTP exception is a plain 500. */
export function sendProblem(response: ServerResponse<IncomingMessage>, exception: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { body, headers } = toProblem(exception);
  // Headers that were set for the abandoned answer.
  for (const header of ['ETag', 'Last-Modified', 'Accept-Ranges']) response.removeHeader(header);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (headers['Connection'] === 'close') endWith(response);
  // Its own socket is unset while it waits for earlier answers.
  else if (!response.req.complete) lingerAtClose(response.req.socket);
  closeIfRefused(response, body.status);
  response.statusCode = body.status;
  response.end(JSON.stringify(body));
}

function toProblem(exception: unknown): Problem {
  if (exception instanceof Problem) return exception;
  return new Problem(
    exception instanceof HttpException ? exception.getStatus() : (clientError(exception) ?? 500),
  );
}

/** Express reports a malformed URL or body as an error with its own 4xx status. */
function clientError(exception: unknown): number | undefined {
  const { status } = Object(exception) as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
