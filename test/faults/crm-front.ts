import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { CrmServer } from '../support/crm-server.js';
import type { CrmAnswer, CrmMode, CrmRequestRecord } from '../support/crm-server.js';
import { indexOf, nameOf } from './callers.js';
import { CRM_HOST } from './certificates.js';
import type { Certificate, Certificates } from './certificates.js';

const FULL_LINE = fileURLToPath(new URL('./full-line.mjs', import.meta.url));

/** The vendor's CRM over HTTPS, and what can go wrong between it and the service. */
export class CrmFront {
  readonly crm = new CrmServer({});
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: Socket[] = [];
  #blocker: ChildProcess | undefined;
  #port = 0;

  constructor(private readonly certificates: Certificates) {
    this.behave();
    this.#server = createServer({ ...certificates.good }, (client) => {
      const upstream = connect(this.crm.port, '127.0.0.1');
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) {
        // Either side that breaks off takes the other with it.
        socket.on('error', () => socket.destroy());
        socket.on('close', () => (client.destroy(), upstream.destroy()));
      }
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // A client that does not like the certificate says so and goes.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  async start(): Promise<this> {
    await this.crm.listen();
    await this.open();
    return this;
  }

  get url(): string {
    return `https://${CRM_HOST}:${this.#port}`;
  }

  /** Listens, on the port that it had. */
  async open(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Connections are refused, the open ones broken. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Every request is answered this way from now on. */
  misbehave(mode: CrmMode): void {
    this.crm.mode = mode;
    this.crm.answer = undefined;
  }

  behave(): void {
    this.crm.answer = answerOf;
  }

  /** Breaks the open connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  use(certificate: Certificate): void {
    this.#server.setSecureContext(certificate);
    this.cut();
  }

  expire(): void {
    this.use(this.certificates.expired);
  }

  renew(): void {
    this.use(this.certificates.good);
  }

  /**
   * Connections are never made: a stopped process listens, and the line in front of it is full, so the kernel drops
   * whoever comes next.
   */
  async hangAtConnect(): Promise<void> {
    await this.refuse();
    const blocker = fork(FULL_LINE, [String(this.#port)], { execArgv: [] });
    this.#blocker = blocker;
    await once(blocker, 'message');
    blocker.kill('SIGSTOP');
    for (let tries = 0; tries < 20; tries++) {
      const socket = connect(this.#port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      this.#waiting.push(socket);
      const made = once(socket, 'connect').then(() => true);
      if (!(await Promise.race([made, sleep(150, false)]))) return;
    }
    throw new Error('connections were still made after the line should have been full');
  }

  async letConnect(): Promise<void> {
    const blocker = this.#blocker;
    if (blocker === undefined) return;
    this.#blocker = undefined;
    const exited = once(blocker, 'exit');
    blocker.kill('SIGKILL');
    await exited;
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    await this.open();
  }

  async stop(): Promise<void> {
    await this.letConnect();
    await this.refuse();
    await this.crm.stop();
  }
}

function answerOf({ asked }: CrmRequestRecord): CrmAnswer {
  const index = indexOf('crm', asked);
  return {
    body: {
      contacts: index === undefined ? [] : [{ phone: asked, tier: 'gold', name: nameOf('crm', index) }],
    },
  };
}
