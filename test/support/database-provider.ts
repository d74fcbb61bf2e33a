import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { Database } from '../../src/database/database.js';
import type { ProviderContext } from '../../src/plugin-api/index.js';
import { providerContext } from '../../src/plugin-api/testing/index.js';
import type { DatabaseOptions } from '../../src/providers/database/database.options.js';
import { DatabaseProvider } from '../../src/providers/database/database.provider.js';

type Overrides = Partial<ProviderContext<DatabaseOptions>>;

/** A provider on a database, not yet opened, and what it logged. */
export function databaseProvider(
  databaseUrl: string,
  options: DatabaseOptions = {},
  overrides: Overrides = {},
) {
  const context = providerContext(options, overrides);
  return {
    provider: new DatabaseProvider(context, new Database(databaseUrl)),
    logged: context.logged,
  };
}

/** A port that refuses connections. */
export { freePort as closedPort } from './ports.js';

/** A server that takes connections and never says a word. */
export async function silentServer(): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  // What the other side says is read, or the end of it would not be noticed.
  const server = createServer((socket) => sockets.add(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Passes connections on to a server, and can spoil those that are open; new ones are sound. */
export interface SpoilingProxy {
  readonly port: number;
  /** What is sent on the open connections goes nowhere, as behind a firewall that forgot them. */
  readonly swallow: () => void;
  /** The open connections break as soon as they are used. */
  readonly breakOnUse: () => void;
  /** The server gets what is sent on the open connections; they break as soon as it answers. */
  readonly breakOnAnswer: () => void;
  /** How many bytes were passed on to the server. */
  readonly bytes: () => number;
  readonly stop: () => Promise<void>;
}

/** @param port a free one unless given */
export async function spoilingProxy(targetPort: number, port = 0): Promise<SpoilingProxy> {
  const open = new Set<{ client: Socket; server: Socket }>();
  let bytes = 0;
  const proxy = createServer((client) => {
    const server = connect(targetPort, '127.0.0.1');
    const pair = { client, server };
    open.add(pair);
    client.on('data', ({ length }: Buffer) => (bytes += length));
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
  }).listen(port, '127.0.0.1');
  await once(proxy, 'listening');
  const spoil = (onData: (client: Socket) => void) => (): void => {
    for (const { client, server } of open) {
      client.unpipe(server);
      client.on('data', () => onData(client)).resume();
    }
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    swallow: spoil(() => undefined),
    bytes: () => bytes,
    breakOnUse: spoil((client) => client.resetAndDestroy()),
    breakOnAnswer() {
      for (const { client, server } of open) {
        server.unpipe(client);
        server.on('data', () => client.resetAndDestroy()).resume();
      }
    },
    async stop() {
      proxy.close();
      for (const { client } of open) client.destroy();
      await once(proxy, 'close');
    },
  };
}

/** Open TCP sockets of this process. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
