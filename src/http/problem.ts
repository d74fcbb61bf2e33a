import { HttpException } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';

/** One problem with a request: where (`anum`, `extradata.CallId`, `''` for the body itself) and what. */
export interface RequestError {
  readonly path: string;
  readonly message: string;
}

/** An answer that refuses a request, with what the client needs to correct it. Texts are public. */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly detail?: string,
    readonly more: { errors?: readonly RequestError[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail ?? STATUS_CODES[status] ?? 'Error', status);
  }

  /** Of the answer, `application/problem+json` (RFC 9457). */
  get body() {
    const status = this.getStatus();
    const title = STATUS_CODES[status] ?? 'Error';
    return { type: 'about:blank', title, status, detail: this.detail, errors: this.more.errors };
  }

  /** All headers of the answer, including those that the problem adds. */
  get headers(): Record<string, string> {
    return {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...this.more.headers,
    };
  }
}

/** A problem after which the connection cannot be read further, or should not be. */
export function closing(status: number, detail: string): Problem {
  return new Problem(status, detail, { headers: { Connection: 'close' } });
}
