import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy, startHeldServer } from './fault-proxy.js';
import type { FaultProxy } from './fault-proxy.js';

let backend: Server;
let proxy: FaultProxy;
const clients: Socket[] = [];

/** Told of every answer that has been handed to the network. */
let answered: () => void;

/** Answers every piece with the same in capitals. */
beforeEach(async () => {
  answered = () => undefined;
  backend = createServer((socket) =>
    socket
      .on('data', (chunk) => socket.write(chunk.toString().toUpperCase(), () => answered()))
      .on('error', () => undefined),
  );
  await once(backend.listen(0, '127.0.0.1'), 'listening');
  proxy = await startFaultProxy({ port: (backend.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.stop();
  backend.close();
  await once(backend, 'close');
});

class Client {
  said = '';
  readonly ended: Promise<string>;
  readonly socket: Socket;

  constructor(port = proxy.port) {
    this.socket = connect(port, '127.0.0.1');
    clients.push(this.socket);
    this.socket.on('data', (chunk) => (this.said += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code!));
      this.socket.on('close', () => resolve('closed'));
    });
  }

  async hears(text: string): Promise<void> {
    while (this.said !== text) await once(this.socket, 'data');
  }
}

describe('the fault proxy', () => {
  it('passes everything on while nothing is wrong', async () => {
    const client = new Client();
    client.socket.write('hello');
    await client.hears('HELLO');
    expect(proxy.connections).toBe(1);
    client.socket.end();
    expect(await client.ended).toBe('closed');
  });

  it('refuses, and listens again on the same port', async () => {
    const open = new Client();
    await once(open.socket, 'connect');
    await proxy.set('refuse');
    expect(await open.ended).toMatch(/closed|ECONNRESET/);
    expect(await new Client().ended).toBe('ECONNREFUSED');
    await proxy.set('none');
    const client = new Client();
    client.socket.write('again');
    await client.hears('AGAIN');
  });

  it('breaks a connection when something is sent on it', async () => {
    const client = new Client();
    client.socket.write('hello');
    await client.hears('HELLO');
    await proxy.set('reset');
    client.socket.write('anybody?');
    expect(await client.ended).toBe('ECONNRESET');
  });

  it('takes everything and passes nothing on, on old connections and on new ones', async () => {
    const old = new Client();
    old.socket.write('hello');
    await old.hears('HELLO');
    await proxy.set('hang');
    const young = new Client();
    for (const { socket } of [old, young]) socket.write('anybody?');
    expect(await Promise.race([old.ended, young.ended, sleep(100, 'silence')])).toBe('silence');
    expect([old.said, young.said]).toEqual(['HELLO', '']);
  });

  it('greets with a text that fits no protocol', async () => {
    await proxy.set('garbage');
    const client = new Client();
    expect(await client.ended).toBe('closed');
    expect(client.said).toContain('not what you expected');
  });

  it('delays answers and keeps their order, also when it stops delaying', async () => {
    await proxy.set({ delayMs: 150 });
    const client = new Client();
    const sentMs = performance.now();
    const isAnswered = new Promise<void>((resolve) => (answered = resolve));
    client.socket.write('one');
    await isAnswered;
    // The proxy, in this process too, reads it in one of the next turns.
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    await proxy.set('none');
    client.socket.write('two');
    await client.hears('ONETWO');
    expect(performance.now() - sentMs).toBeGreaterThan(140);
  });

  it('ends a connection in the middle of an answer', async () => {
    await proxy.set({ truncateAfter: 3 });
    const client = new Client();
    client.socket.write('hello');
    expect(await client.ended).toMatch(/closed|ECONNRESET/);
    expect(client.said).toBe('HEL');
  });
});

describe('the held server', () => {
  it('takes questions, answers none, and frees its port', async () => {
    const server = await startHeldServer();
    const client = new Client(server.port);
    client.socket.write('hello');
    expect(await Promise.race([client.ended, sleep(50, 'silence')])).toBe('silence');
    expect(server.connections).toBe(1);
    await server.stop();
    expect(await client.ended).toMatch(/closed|ECONNRESET/);
    expect(await new Client(server.port).ended).toBe('ECONNREFUSED');
  });
});
