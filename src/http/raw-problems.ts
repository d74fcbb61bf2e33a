import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { closeGently } from './gentle-close.js';
import type { AnsweringSocket } from './gentle-close.js';
import { failBody } from './json-body.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { MAX_HEADERS } from './request-gate.js';

/** Node has no public way to see this state, see ADR 21. */
interface HttpSocket extends AnsweringSocket {
  /** `incoming` is the request whose headers came last, until its answer is finished and its body has arrived. */
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
}

/** Longest request line and headers together, bytes. */
export const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Sends problem details for errors that Node detects before the application gets a request. Earlier calls on the same
 * connection get their answers first. See docs/adr/0021-http-errors-and-limits.md.
 */
export function answerRawProblems(server: Server): void {
  const refused = new WeakSet<Socket>();
  const refuse = (socket: HttpSocket, problem: Problem): void => {
    // Node reports the same connection again for all further input.
    if (refused.has(socket)) return;
    refused.add(socket);
    // Node would close it after the last answer that it knows about.
    socket.destroySoon = () => undefined;
    answerInTurn(socket, problem);
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const problem = problemOf(error.code);
    if (problem === undefined) socket.destroy();
    else refuse(socket as Socket, problem);
  });
  server.on('connect', (_, socket) => {
    // Node no longer handles this connection.
    socket.on('error', () => socket.destroy());
    socket.resume();
    refuse(
      socket as Socket,
      new Problem(405, 'this is not a proxy', { headers: { Allow: 'GET, HEAD, POST' } }),
    );
  });
  server.on('checkExpectation', (_, response) => {
    sendProblem(response, new Problem(417, 'the only expectation that can be met is 100-continue'));
  });
}

const PROBLEMS: Readonly<Record<string, readonly [status: number, detail: string] | undefined>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request took too long'],
  // Newer versions of Node also count lines, and use the same code.
  HPE_HEADER_OVERFLOW: [
    431,
    `the request line and headers are longer than ${MAX_HEADER_BYTES} bytes, or the request has more than ${MAX_HEADERS} headers`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the chunk extensions are too long'],
};

/** @returns `undefined` if the connection itself is broken, or does not carry HTTP */
function problemOf(code = ''): Problem | undefined {
  const [status, detail] = PROBLEMS[code] ?? [400, 'this is not valid HTTP/1.1'];
  return code in PROBLEMS || code.startsWith('HPE_') ? new Problem(status, detail) : undefined;
}

function answerInTurn(socket: HttpSocket, problem: Problem): void {
  const earlier = socket._httpMessage;
  if (!earlier) {
    const incoming = socket.parser?.incoming;
    // The rest of a request that has been answered: a second answer would be taken for that to the next request.
    const isAnswered = incoming !== null && incoming !== undefined && !incoming.complete;
    if (!isAnswered && socket.writable) socket.write(asText(problem));
    return closeGently(socket);
  }
  const { req } = earlier;
  if (!req.complete) earlier.shouldKeepAlive = false;
  earlier.once('close', () => {
    if (earlier.shouldKeepAlive) answerInTurn(socket, problem);
    else closeGently(socket);
  });
  if (!req.complete) failBody(req, problem);
}

function asText({ body, headers }: Problem): string {
  const json = JSON.stringify(body);
  const fields = Object.entries({
    ...headers,
    'Content-Length': String(Buffer.byteLength(json)),
    Date: new Date().toUTCString(),
    Connection: 'close',
  });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${body.status} ${body.title}\r\n${lines}\r\n${json}`;
}
