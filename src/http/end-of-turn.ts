import type { ServerResponse } from 'node:http';

/** Answers of this turn that have not left yet, and what is to be done behind the last of them. */
let waiting = 0;
let behind: (() => void)[] = [];

/**
 * Sends an answer when the event loop has handled all input of its current turn, together with the other answers of
 * that turn. In an idle process that is at once. In a busy one, each peer is woken once for many answers instead of
 * once for each. A connection that asks again is served in the next turn, so no turn lasts forever. See
 * docs/adr/0011-answers-leave-together.md.
 * @param headers names and values alternately; all in one call, because setting them one by one makes Node build a table
 */
export function sendAtEndOfTurn(
  response: ServerResponse,
  status: number,
  headers: string[],
  body?: string,
): void {
  waiting++;
  setImmediate(send, response, status, headers, body);
}

/** Does something when all answers of this turn have left. @param work must not throw */
export function afterAnswers(work: () => void): void {
  if (waiting === 0) setImmediate(work);
  else behind.push(work);
}

function send(response: ServerResponse, status: number, headers: string[], body: string | undefined): void {
  try {
    if (!response.headersSent) response.writeHead(status, headers).end(body);
  } finally {
    if (--waiting === 0) {
      const due = behind;
      behind = [];
      for (const work of due) work();
    }
  }
}
