import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { eventually } from '../../test/support/eventually.js';
import { fakeOnly } from '../../test/support/fake-time.js';
import { cutOffSlowReaders } from './slow-readers.js';

const LIMIT_MS = 20_000;
const EVERY_MS = 1_000;
/** More than the buffers of both ends take, in parts. */
const PART = 'x'.repeat(64 * 1024);
const PARTS = 256;

let server: Server;
let client: Socket;
/** The server's end. */
let socket: Socket;
let received: number;
/** Where the client stops reading. */
let enough: number;

beforeEach(async () => {
  fakeOnly('setInterval', 'clearInterval', 'performance');
  server = createServer((_, response) => void Readable.from(new Array(PARTS).fill(PART)).pipe(response));
  cutOffSlowReaders(server, LIMIT_MS, EVERY_MS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  received = enough = 0;
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received >= enough) client.pause();
  });
  client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  client.pause();
  [socket] = (await accepted) as [Socket];
  await eventually(() => expect(socket.writableLength).toBeGreaterThan(0));
});
afterEach(async () => {
  jest.useRealTimers();
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const taken = (): number => socket.bytesWritten - socket.writableLength;

/** Waits until what the buffers take is taken. */
async function standstill(): Promise<void> {
  let before = -1;
  await eventually(() => {
    const isSame = taken() === before;
    before = taken();
    return isSame;
  });
}

describe('a client that has an answer to read', () => {
  it('is cut off when it has taken nothing of it for the whole time', async () => {
    await standstill();
    jest.advanceTimersByTime(EVERY_MS);
    jest.advanceTimersByTime(LIMIT_MS - EVERY_MS);
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(EVERY_MS);
    expect(socket.destroyed).toBe(true);
  });

  it('is served for as long as it goes on, however slowly', async () => {
    for (let pauses = 0; pauses < 3; pauses++) {
      await standstill();
      jest.advanceTimersByTime(LIMIT_MS - EVERY_MS);
      expect(socket.destroyed).toBe(false);
      const before = taken();
      await eventually(() => {
        enough = received + 16 * PART.length;
        client.resume();
        expect(taken()).toBeGreaterThan(before);
      });
      client.pause();
    }
    enough = Infinity;
    client.resume();
    await once(client, 'close');
    expect(received).toBeGreaterThan(PARTS * PART.length);
  });
});
