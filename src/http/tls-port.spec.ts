import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createHardServer } from './own-prototype.adapter.js';

const pem = (name: string): Buffer =>
  readFileSync(new URL(`../../test/support/crm-server.${name}.pem`, import.meta.url));
const QUESTION = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LARGE = 'x'.repeat(1024 * 1024);

let server: Server;
let port: number;

beforeAll(async () => {
  const app = express();
  app.get('/', (_, response) => void setTimeout(() => response.end('answer'), 50));
  app.get('/large', (_, response) => {
    const more = setInterval(() => response.write(LARGE), 5);
    response.on('close', () => clearInterval(more));
  });
  const limits = {
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    answerTimeout: 300,
    connectionsCheckingInterval: 50,
  };
  server = createHardServer(
    app,
    { cert: pem('cert'), key: pem('key') },
    { ...limits, keepAliveTimeout: 75_000 },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

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
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.write(QUESTION.replace('/', '/large'));
    client.on('error', () => client.destroy());
    let open = 1;
    while (open > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      open = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
    }
    client.destroy();
  });
});
