import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const POLL_MS = 500;
/** Slow is not dead: the calls would be slower still if one instance had to take them all. */
const PROBE_MS = 2_000;

interface Backend {
  readonly url: URL;
  ready: boolean;
}

/**
 * A small HTTP balancer: takes turns among the instances whose `/health/ready` says 200, asked twice a second, and sends a
 * call that found its connection broken once more, to another instance. A call changes nothing, so that is safe.
 */
export class Balancer {
  /** Calls that were sent a second time. */
  retries = 0;
  readonly #backends: Backend[];
  readonly #agent = new Agent({ keepAlive: true, scheduling: 'lifo' });
  readonly #server: Server;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(urls: readonly URL[]) {
    this.#backends = urls.map((url) => ({ url, ready: true }));
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => this.#pass(incoming, Buffer.concat(chunks), outgoing));
    });
    this.#server.keepAliveTimeout = 0;
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#timer = setInterval(() => this.#backends.forEach((backend) => this.#probe(backend)), POLL_MS);
    return this;
  }

  get url(): URL {
    const { pathname } = this.#backends[0]!.url;
    return new URL(pathname, `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  #probe(backend: Backend): void {
    const probe = request(new URL('/health/ready', backend.url), { agent: false }, (answer) => {
      backend.ready = answer.statusCode === 200;
      answer.resume();
    });
    probe.on('error', () => (backend.ready = false));
    probe.setTimeout(PROBE_MS, () => probe.destroy(new Error('no answer')));
    probe.end();
  }

  #next(except?: Backend): Backend {
    const usable = this.#backends.filter((backend) => backend.ready && backend !== except);
    const others = this.#backends.filter((backend) => backend !== except);
    const among = usable.length > 0 ? usable : others;
    return among[this.#turn++ % among.length]!;
  }

  #pass(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse, failed?: Backend): void {
    const backend = this.#next(failed);
    const headers: OutgoingHttpHeaders = { ...incoming.headers, connection: 'keep-alive' };
    const sent = request(backend.url, { method: incoming.method, headers, agent: this.#agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', broken);
      answer.on('end', () => {
        // Ours to the phone system stays open, whatever the instance does with its own.
        outgoing
          .writeHead(answer.statusCode!, { ...answer.headers, connection: 'keep-alive' })
          .end(Buffer.concat(chunks));
      });
    });
    let isBroken = false;
    const broken = (): void => {
      if (isBroken) return;
      isBroken = true;
      if (failed !== undefined) return void outgoing.destroy();
      this.retries++;
      this.#pass(incoming, body, outgoing, backend);
    };
    sent.on('error', broken);
    sent.end(body);
  }
}
