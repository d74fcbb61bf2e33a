import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAnswers, sendAtEndOfTurn } from './end-of-turn.js';

const CALLERS = 8;
const QUESTION = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';

describe('answers of one turn of the event loop', () => {
  let server: Server;
  let clients: Socket[];
  let happened: string[];
  let reply: (response: ServerResponse) => void;

  beforeEach(async () => {
    happened = [];
    reply = (response) => sendAtEndOfTurn(response, 200, ['Content-Length', '2', 'X-Why', 'because'], 'hi');
    server = createServer((_, response) => {
      happened.push('read');
      const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
      response.writeHead = (...args: unknown[]) => {
        happened.push('answered');
        return writeHead(...args);
      };
      reply(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    clients = await Promise.all(Array.from({ length: CALLERS }, () => connected(port)));
  });

  afterEach(async () => {
    for (const client of clients) client.destroy();
    server.close();
    await once(server, 'close');
  });

  /** One connection is accepted in a turn; from their second call on all can be read in the same one. */
  async function allAskAtOnce(): Promise<void> {
    for (const client of clients) {
      client.write(QUESTION);
      await once(client, 'data');
    }
    happened = [];
    const answers = clients.map((client) => once(client, 'data'));
    for (const client of clients) client.write(QUESTION);
    await Promise.all(answers);
  }

  it('leave after the last of its calls was read', async () => {
    await allAskAtOnce();
    // Which calls a turn finds is the kernel's affair; that it answers none before it has read all is ours.
    const turns = happened.join(' ').match(/(read )+(answered ?)+/g) ?? [];
    for (const turn of turns) expect(turn.match(/read/g)).toHaveLength(turn.match(/answered/g)!.length);
    expect(happened.filter((what) => what === 'answered')).toHaveLength(CALLERS);
    expect(turns.length).toBeLessThan(CALLERS);
  });

  it('have the status, headers and body that they were given', async () => {
    const [client] = clients as [Socket];
    client.write(QUESTION);
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(String(data)).toMatch(
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nX-Why: because\r\n[^]*\r\n\r\nhi$/,
    );
  });

  it('are the first one only when two were given for a call', async () => {
    reply = (response) => {
      sendAtEndOfTurn(response, 204, []);
      sendAtEndOfTurn(response, 200, ['Content-Length', '2'], 'no');
    };
    const [client] = clients as [Socket];
    client.write(QUESTION);
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(String(data)).toMatch(/^HTTP\/1\.1 204 /);
    expect(happened).toEqual(['read', 'answered']);
  });

  it('all leave before anything that is done behind them, which happens without answers, too', async () => {
    const tell = (what: string): void => afterAnswers(() => happened.push(what));
    reply = (response) => {
      sendAtEndOfTurn(response, 200, ['Content-Length', '2'], 'hi');
      tell('told');
    };
    await allAskAtOnce();
    await new Promise(setImmediate);
    expect(happened.join(' ')).toMatch(/^((read )+(answered )+(told ?)+)+$/);
    for (const turn of happened.join(' ').match(/(answered )+(told ?)+/g)!)
      expect(turn.match(/told/g)).toHaveLength(turn.match(/answered/g)!.length);

    happened = [];
    tell('told');
    expect(happened).toEqual([]);
    await new Promise(setImmediate);
    expect(happened).toEqual(['told']);
  });

  it('go nowhere when the client has hung up meanwhile', async () => {
    const [client, other] = clients as [Socket, Socket];
    reply = (response) => {
      sendAtEndOfTurn(response, 204, []);
      response.destroy();
    };
    client.write(QUESTION);
    await once(client, 'close');
    reply = (response) => sendAtEndOfTurn(response, 204, []);
    other.write(QUESTION);
    expect(String(((await once(other, 'data')) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 204 /);
  });
});

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}
