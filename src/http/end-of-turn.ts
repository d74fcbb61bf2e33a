import type { ServerResponse } from 'node:http';

/**
 * Sends an answer when the event loop has handled all that came in with its present turn, together with the other
 * answers of that turn. On an idle process that is at once. On a busy one the peers are woken once for many answers
 * instead of once for each, and a connection that asks again is served in the next turn, so no turn goes on for ever.
 * See docs/adr/0011-answers-leave-together.md.
 * @param headers names and values in turn; all in one call, since setting them one by one makes Node keep a table of them
 */
export function sendAtEndOfTurn(
  response: ServerResponse,
  status: number,
  headers: string[],
  body?: string,
): void {
  setImmediate(send, response, status, headers, body);
}

function send(response: ServerResponse, status: number, headers: string[], body: string | undefined): void {
  if (!response.headersSent) response.writeHead(status, headers).end(body);
}
