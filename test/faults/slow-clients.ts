import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from './phone-system.js';

const DRIP_MS = 500;
const OPENED_AT_A_TIME = 100;
const UNREAD_ANSWERS = 20;

/** Clients that hold connections and use them as slowly as they may: a third each slow in headers, in the body, in reading. */
export class SlowClients {
  /** Clients that the service has cut off. */
  cutOff = 0;
  readonly #sockets: Socket[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  static async start(url: URL, count: number): Promise<SlowClients> {
    const clients = new SlowClients();
    for (let opened = 0; opened < count; opened += OPENED_AT_A_TIME) {
      for (let index = opened; index < Math.min(count, opened + OPENED_AT_A_TIME); index++) {
        clients.#open(url, index % 3);
      }
      await sleep(20);
    }
    clients.#timer = setInterval(() => clients.#drip(), DRIP_MS);
    return clients;
  }

  #open(url: URL, manner: number): void {
    const post =
      `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nX-Benemen-APIKey: ${KEY}\r\n` +
      'Content-Type: application/json\r\n';
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    // Being cut off is what it is asking for.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#stopped || this.cutOff++);
    if (manner === 0) socket.write(`${post}X-Slow: `);
    if (manner === 1) socket.write(`${post}Content-Length: 300\r\n\r\n{"anum":"`);
    if (manner === 2)
      socket.write(`GET /docs-json HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`.repeat(UNREAD_ANSWERS));
    else socket.resume();
    this.#sockets.push(socket);
  }

  #drip(): void {
    this.#sockets.forEach((socket, index) => index % 3 < 2 && !socket.destroyed && socket.write('x'));
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}
