import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createHardServer, LIMITS } from './own-prototype.adapter.js';
import type { ServerLimits } from './own-prototype.adapter.js';

const pem = (name: string): Buffer =>
  readFileSync(new URL(`../../test/support/crm-server.${name}.pem`, import.meta.url));
const QUESTION = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
/** More than the buffers of both ends take. */
const LARGE = Buffer.alloc(16 * 1024 * 1024);

const servers: Server[] = [];
let server: Server;
let port: number;

beforeAll(async () => {
  server = await serve({ answerTimeout: 100, connectionsCheckingInterval: 20 });
  port = portOf(server);
});
afterAll(async () => {
  for (const each of servers) {
    each.closeAllConnections();
    await new Promise((resolve) => each.close(resolve));
  }
});

async function serve(limits: Partial<ServerLimits>): Promise<Server> {
  const app = express();
  app.get('/', (_, response) => void setTimeout(() => response.end('answer'), 50));
  app.get('/large', (_, response) => void response.write(LARGE));
  const made = createHardServer(app, { cert: pem('cert'), key: pem('key') }, { ...LIMITS, ...limits });
  servers.push(made);
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
}
const portOf = (of: Server): number => (of.address() as AddressInfo).port;

/** All that comes until the connection is closed. */
function heard(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  // Whether the server resets such a connection or ends it is its own affair.
  socket.on('error', () => socket.destroy());
  return new Promise((resolve) => socket.on('close', () => resolve(received)));
}

describe('the TLS port', () => {
  it('serves nothing over plain HTTP, and closes the connection', async () => {
    const client = connect(port, '127.0.0.1');
    client.write(QUESTION);
    expect(await heard(client)).not.toContain('HTTP/');
  });

  it('answers the calls that came before the trouble, and then the trouble', async () => {
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.write(`${QUESTION}${QUESTION}nonsense\r\n\r\n`);
    expect((await heard(client)).match(/HTTP\/1\.1 \d+|answer|valid/g)).toEqual([
      'HTTP/1.1 200',
      'answer',
      'HTTP/1.1 200',
      'answer',
      'HTTP/1.1 400',
      'valid',
    ]);
  });

  it('cuts off a client that does not read its answer', async () => {
    const accepted = once(server, 'secureConnection');
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.write(QUESTION.replace('/', '/large'));
    client.on('error', () => client.destroy());
    const [socket] = (await accepted) as [Socket];
    await once(socket, 'close');
    client.destroy();
  });

  it('cuts off a client that says nothing', async () => {
    const impatient = await serve({ handshakeTimeout: 50 });
    expect(await heard(connect(portOf(impatient), '127.0.0.1'))).toBe('');
  });
});
