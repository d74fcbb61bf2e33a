import express from 'express';
import type { Request, Response } from 'express';
import { Problem } from './problem.js';

const EMPTY = 'is empty; send a JSON object';
/** Largest body accepted, bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

const parseJson = express.json({
  limit: MAX_BODY_BYTES,
  strict: false,
  inflate: false,
  verify: (_request, _response, body) => {
    if (body.length === 0) throw new Error('empty'); // otherwise it would be read as {}
  },
  // Core's exact header is not documented: a body without any media type is read as JSON too.
  type: (request) =>
    request.headers['content-type'] === undefined ||
    mediaTypeOf(request.headers['content-type']) === 'application/json',
});

function mediaTypeOf(header: string): string {
  return header.split(';', 1)[0]!.trim().toLowerCase();
}

/**
 * Reads a JSON body after the guard has let the request in, so that strangers cannot make us parse anything.
 * @throws Problem 400 (no JSON), 413 (over 64 KiB) or 415 (another media type, charset or content coding)
 */
export async function readJsonBody(request: Request, response: Response): Promise<unknown> {
  const contentType = request.headers['content-type'];
  if (contentType !== undefined && mediaTypeOf(contentType) !== 'application/json') {
    throw unsupported('send the body as Content-Type: application/json');
  }
  const failure = await new Promise<BodyParserError | undefined>((done) =>
    parseJson(request, response, (error?: unknown) => done(error as BodyParserError | undefined)),
  );
  if (failure !== undefined) throw bodyProblem(failure);
  if (request.body === undefined) throw notJson(EMPTY);
  return request.body;
}

interface BodyParserError {
  readonly type: string;
  readonly status?: number;
}

function bodyProblem({ type, status }: BodyParserError): unknown {
  switch (type) {
    case 'entity.too.large':
      return new Problem(413, `the body is larger than ${MAX_BODY_BYTES} bytes`, {
        headers: { Connection: 'close' },
      });
    case 'charset.unsupported':
      return unsupported('send the body in UTF-8');
    case 'encoding.unsupported':
      return unsupported('send the body without Content-Encoding');
    case 'entity.verify.failed':
      return notJson(EMPTY);
    case 'entity.parse.failed':
      return notJson('is not valid JSON');
    default:
      return new Problem(
        status !== undefined && status >= 400 && status < 500 ? status : 400,
        'the body could not be read whole',
        {
          headers: { Connection: 'close' },
        },
      );
  }
}

function notJson(message: string): Problem {
  return new Problem(400, 'the body is not usable', { errors: [{ path: '', message }] });
}

function unsupported(cure: string): Problem {
  return new Problem(415, cure, { headers: { Accept: 'application/json' } });
}
