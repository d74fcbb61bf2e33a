import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createHardServer } from './own-prototype.adapter.js';
import { readJsonBody } from './json-body.js';
import { sendProblem } from './problem.filter.js';

const LIMITS = {
  headersTimeout: 200,
  requestTimeout: 400,
  answerTimeout: 1_000,
  connectionsCheckingInterval: 50,
  keepAliveTimeout: 200,
};
/** Far above any of them. */
const STILL_OPEN_MS = 15_000;
const PART = 'x'.repeat(64 * 1024);
const PARTS = 256;
const LIVE = 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n{"anum":"';

let server: Server;
let port: number;
const clients: Socket[] = [];

beforeAll(async () => {
  const app = express();
  app.get('/live', (_, response) => void response.end('live'));
  app.get('/large', (_, response) => void Readable.from(new Array(PARTS).fill(PART)).pipe(response));
  app.post('/body', (request, response) => {
    readJsonBody(request).then(
      () => response.end(),
      (error: unknown) => sendProblem(response, error),
    );
  });
  server = createHardServer(app, undefined, LIMITS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Conversation {
  received: string;
  readonly client: Socket;
  /** `closed`, or `still open` after a long time. */
  readonly end: Promise<string>;
}

/** @param drip what is sent every now and then, until the server has had enough */
function talk(first: string, drip?: string): Conversation {
  const client = connect(port, '127.0.0.1');
  clients.push(client);
  client.write(first);
  const dripping = drip === undefined ? undefined : setInterval(() => client.write(drip), 20);
  const closed = new Promise<string>((resolve) => {
    const patience = setTimeout(() => resolve('still open'), STILL_OPEN_MS);
    client.on('close', () => {
      clearTimeout(patience);
      clearInterval(dripping);
      resolve('closed');
    });
  });
  // Being cut off is what it is asking for.
  client.on('error', () => client.destroy());
  const conversation: Conversation = { received: '', client, end: closed };
  client.on('data', (chunk: Buffer) => (conversation.received += chunk.toString('latin1')));
  return conversation;
}

describe('a client is cut off', () => {
  it.each([
    ['that says nothing', '', undefined],
    ['that sends its headers slowly', `${LIVE.slice(0, -2)}X-Slow: `, 'x'],
    ['that stops in the middle of its headers', LIVE.slice(0, -2), undefined],
    ['that sends its body slowly', POST, 'x'],
    ['that stops in the middle of its body', POST, undefined],
    ['that sends the headers of its second request slowly', `${LIVE}${LIVE.slice(0, -2)}X-Slow: `, 'x'],
  ])('%s, with a 408', async (_, first, drip) => {
    const conversation = talk(first, drip);
    expect(await conversation.end).toBe('closed');
    const last = conversation.received.slice(conversation.received.lastIndexOf('HTTP/1.1 '));
    expect(last).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(last).toContain('\r\nContent-Type: application/problem+json\r\n');
    expect(last).toContain('\r\nConnection: close\r\n');
    expect(last).toMatch(
      /\r\n\r\n\{"type":"about:blank","title":"Request Timeout","status":408,"detail":"the request took too long"\}$/,
    );
  });

  it('that has its answer and goes on with the body, without a second answer', async () => {
    const conversation = talk(POST.replace('/body', '/nowhere'), 'x');
    expect(await conversation.end).toBe('closed');
    expect(conversation.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404']);
  });

  it('that asks nothing more, without a word', async () => {
    const conversation = talk(LIVE);
    expect(await conversation.end).toBe('closed');
    expect(conversation.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  });

  it('that does not read its answer', async () => {
    const conversation = talk(LIVE.replace('/live', '/large'));
    conversation.client.pause();
    await new Promise<void>((resolve) => {
      const look = setInterval(
        () =>
          server.getConnections((_, open) => {
            if (open > 0) return;
            clearInterval(look);
            resolve();
          }),
        20,
      );
    });
    conversation.client.resume();
    expect(await conversation.end).toBe('closed');
    expect(conversation.received.length).toBeLessThan(PARTS * PART.length);
  });
});

describe('a client is served', () => {
  it('that reads its answer slowly, but goes on', async () => {
    const conversation = talk(LIVE.replace('/live', '/large').replace('Host', 'Connection: close\r\nHost'));
    const { client } = conversation;
    client.on('data', () => {
      client.pause();
      setTimeout(() => client.resume(), LIMITS.answerTimeout / 100);
    });
    const startedMs = performance.now();
    expect(await conversation.end).toBe('closed');
    expect(performance.now() - startedMs).toBeGreaterThan(LIMITS.answerTimeout);
    expect(conversation.received.length).toBeGreaterThan(PARTS * PART.length);
  });
});

describe('the limits of the service', () => {
  it('are those of the documentation', async () => {
    const real = createHardServer(express(), undefined);
    expect(real).toMatchObject({
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 75_000,
      maxHeadersCount: 101,
    });
  });
});
