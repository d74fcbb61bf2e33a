import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { eventually } from '../../test/support/eventually.js';
import type { AppConfig } from '../app/app.config.js';
import { LiveConfig } from '../config/live-config.js';
import { ConnectionLimit } from './connection-limit.js';

let server: Server;
let clients: Socket[];
let counted: number;
let lines: unknown[];
let nowMs: number;

const config = new LiveConfig({
  server: { maxConnections: 2, maxConnectionsPerAddress: 2, trustedProxies: [] as string[] },
} as unknown as AppConfig);

beforeEach(async () => {
  counted = 0;
  nowMs = 5_000;
  lines = [];
  clients = [];
  server = createServer((_, response) => response.end('hi'));
  new ConnectionLimit(
    config,
    { connectionDropped: () => counted++, authFailure: () => undefined },
    { warn: (...line: unknown[]) => lines.push(line) },
    () => nowMs,
  ).watch(server, true);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  server.close();
  await once(server, 'close');
});

async function opened(): Promise<Socket> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(client);
  client.on('error', () => client.destroy());
  await once(client, 'connect');
  return client;
}

async function ask(client: Socket): Promise<string> {
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const said = once(client, 'data').then(([data]) => String(data).split('\r\n', 1)[0]!);
  return Promise.race([said, once(client, 'close').then(() => 'closed')]);
}

describe('server.maxConnections', () => {
  it('lets so many be open, drops any further one at once, and takes one again when one has gone', async () => {
    const [first, second] = [await opened(), await opened()];
    expect([await ask(first), await ask(second)]).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK']);
    for (let more = 0; more < 3; more++) expect(await ask(await opened())).toBe('closed');
    expect([await ask(first), await ask(second)]).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK']);
    expect(counted).toBe(3);
    first.destroy();
    await eventually(async () => expect(await ask(await opened())).toBe('HTTP/1.1 200 OK'));
  });

  it('is logged at most once a second, with how many were dropped since', async () => {
    await opened();
    await opened();
    const drop = async (): Promise<void> => expect(await ask(await opened())).toBe('closed');
    for (let dropped = 0; dropped < 3; dropped++) await drop();
    nowMs += 999;
    await drop();
    expect(lines).toHaveLength(1);
    nowMs += 1;
    await drop();
    await drop();
    const message = 'new connections are dropped: server.maxConnections are open';
    expect(lines).toEqual([
      [{ dropped: 1, maxConnections: 2 }, message],
      [{ dropped: 4, maxConnections: 2 }, message],
    ]);
  });
});
