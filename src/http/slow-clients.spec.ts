import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import fc from 'fast-check';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { anySending } from '../../test/support/http-fuzz.js';
import { readJsonBody } from './json-body.js';
import { createHardServer, LIMITS } from './own-prototype.adapter.js';
import type { ServerLimits } from './own-prototype.adapter.js';
import { sendProblem } from './problem.filter.js';

const SHORT = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };
const LIVE = 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n{"anum":"';
const TIMED_OUT: [title: string, first: string, drip?: string][] = [
  ['that says nothing', ''],
  ['that sends its headers slowly', `${LIVE.slice(0, -2)}X-Slow: `, 'x'],
  ['that stops in the middle of its headers', LIVE.slice(0, -2)],
  ['that sends its body slowly', POST, 'x'],
  ['that stops in the middle of its body', POST],
  ['that sends the headers of its second request slowly', `${LIVE}${LIVE.slice(0, -2)}X-Slow: `, 'x'],
];

const servers: Server[] = [];
/** Cuts off those who are slow with their requests. */
let impatient: Server;
/** All of them at once: what they say, by the title of the test. */
let timedOut: Map<string, Promise<string>>;

beforeAll(async () => {
  impatient = await serve(SHORT);
  timedOut = new Map(TIMED_OUT.map(([title, first, drip]) => [title, talk(impatient, first, drip)]));
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(limits: Partial<ServerLimits>): Promise<Server> {
  const app = express();
  app.get('/live', (_, response) => void response.end('live'));
  app.post('/body', (request, response) => {
    readJsonBody(request).then(
      () => response.end(),
      (error: unknown) => sendProblem(response, error),
    );
  });
  const server = createHardServer(app, undefined, { ...LIMITS, ...limits });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/**
 * All that comes until the connection is closed.
 * @param drip what is sent every now and then, until the server has had enough
 * @param heard is called when the first of it has come
 */
function talk(server: Server, first: string, drip?: string, heard = (): void => undefined): Promise<string> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(first, 'latin1');
  const dripping = drip === undefined ? undefined : setInterval(() => client.write(drip), 20);
  let received = '';
  client.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  client.once('data', heard);
  // Being cut off is what it is asking for.
  client.on('error', () => client.destroy());
  return new Promise((resolve) =>
    client.on('close', () => {
      clearInterval(dripping);
      resolve(received);
    }),
  );
}

describe('a client is cut off', () => {
  it.each(TIMED_OUT)('%s, with a 408', async (title) => {
    const received = await timedOut.get(title)!;
    const last = received.slice(received.lastIndexOf('HTTP/1.1 '));
    expect(last).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(last).toContain('\r\nContent-Type: application/problem+json\r\n');
    expect(last).toContain('\r\nConnection: close\r\n');
    expect(last).toMatch(
      /\r\n\r\n\{"type":"about:blank","title":"Request Timeout","status":408,"detail":"the request took too long"\}$/,
    );
  });

  it('that has its answer and goes on with the body, without a second answer', async () => {
    const server = await serve({ connectionsCheckingInterval: 20 });
    const received = await talk(server, POST.replace('/body', '/nowhere'), 'x', () => {
      server.headersTimeout = server.requestTimeout = 1;
    });
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404']);
  });

  it('that asks nothing more, without a word', async () => {
    const received = await talk(await serve({ keepAliveTimeout: 20 }), LIVE);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  });

  it('whatever it has sent before it falls silent', async () => {
    const sendings = fc.sample(anySending('key'), 40);
    const server = await serve({ ...SHORT, keepAliveTimeout: 20 });
    await Promise.all(sendings.map(({ packets }) => talk(server, packets.join(''))));
  });
});

describe('the limits of the service', () => {
  it('are those of the documentation', () => {
    expect(LIMITS).toEqual({
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      answerTimeout: 20_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 75_000,
      handshakeTimeout: 5_000,
    });
    const { headersTimeout, requestTimeout, keepAliveTimeout } = LIMITS;
    expect(createHardServer(express(), undefined)).toMatchObject({
      headersTimeout,
      requestTimeout,
      keepAliveTimeout,
      maxHeadersCount: 101,
    });
  });
});
