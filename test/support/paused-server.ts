import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

/** What was asked, until it gets its answer. */
export interface Held {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** An HTTP server that holds what it is asked until the test says what the answer is. */
export class PausedServer {
  /** All that was asked, in order. */
  readonly held: Held[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.held.push({ request, response }));
  }

  static async start(): Promise<PausedServer> {
    const server = new PausedServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  openConnections(): Promise<number> {
    return new Promise((resolve) => this.#server.getConnections((_, count) => resolve(count)));
  }

  /** Answers with JSON all that waits. */
  answer(json: unknown): void {
    for (const { response } of this.held) {
      if (!response.writableEnded)
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(json));
    }
  }

  /** Answers all that comes with the same JSON, until `work` is done. */
  async answerUntil<T>(work: Promise<T>, json: unknown): Promise<T> {
    let isDone = false;
    const done = (): void => void (isDone = true);
    work.then(done, done);
    await eventually(() => {
      if (!isDone) this.answer(json);
      return isDone;
    });
    return work;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
