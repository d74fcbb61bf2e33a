import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crmProvider, lookUp } from '../../../test/support/crm-provider.js';
import { closedPort } from '../../../test/support/database-provider.js';
import { providerContext } from '../../plugin-api/testing/index.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import type { CrmServer } from '../../../test/support/crm-server.js';
import { until } from '../../../test/support/scripted-provider.js';
import { Connections } from './crm-http.connections.js';
import { HostNames } from './crm-http.dns.js';
import { CrmLimits } from './crm-http.limits.js';
import { makeAuth } from './crm-http.make-auth.js';
import { CrmTransport } from './crm-http.transport.js';

const AINO = '+358501231234';

describe('the connections of crm-http', () => {
  let crm: CrmServer;
  const undo: (() => unknown)[] = [];
  beforeEach(async () => {
    crm = await startCrmServer({ contacts: { [AINO]: { tier: 'gold' } } });
  });
  afterEach(async () => {
    await Promise.all(undo.splice(0).map((step) => step()));
    await crm.stop();
  });

  const provide = (server = crm) => {
    const provider = crmProvider({
      url: `${server.url}/contacts?phone={{ number }}`,
      record: 'contacts',
      spellings: ['e164', 'national'],
    });
    undo.push(() => provider.close());
    return provider;
  };
  const connections = (server = crm, firstPauseMs = 10) => {
    const made = new Connections(server.url, new HostNames(), firstPauseMs);
    undo.push(() => made.close());
    return made;
  };

  it('are made before the first call, which finds one ready, without asking the CRM anything', async () => {
    const provider = provide();
    await provider.open();
    await until(() => crm.openConnections === 1);
    expect(crm.requests).toEqual([]);
    for (let i = 0; i < 5; i++) expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    expect(crm.connections).toBe(1);
  });

  it('say at the start why there is none, and are made as soon as the CRM is there', async () => {
    await crm.stop();
    const provider = provide();
    await expect(provider.open()).rejects.toMatchObject({
      name: 'VipLookupError',
      message: 'connection refused (ECONNREFUSED)',
    });
    crm = await startCrmServer({ port: crm.port, contacts: crm.contacts });
    await until(() => crm.openConnections === 1);
    expect(crm.requests).toEqual([]);
  });

  it('are made anew when the CRM comes back, without a call', async () => {
    const provider = provide();
    await provider.open();
    await lookUp(provider, AINO);
    const { port, contacts } = crm;
    await crm.stop();
    crm = await startCrmServer({ port, contacts });
    await until(() => crm.openConnections === 1);
    expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    expect(crm.connections).toBe(1);
  });

  it('are made anew at a pace that slows down for a server that closes them at once', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => socket.destroy()).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(() => server.close());
    const made = new Connections(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      new HostNames(),
      20,
    );
    undo.push(() => made.close());
    await made.warm();
    await sleep(1_000);
    // 20, 40, 80 … ms: about six in a second, where a fixed pause of 20 ms would make fifty.
    expect(sockets.length).toBeGreaterThan(2);
    expect(sockets.length).toBeLessThan(12);
  });

  it('are not given out when the server has said something on one that nobody used', async () => {
    const greeting = createServer((socket) => {
      socket.on('error', () => socket.destroy()).write('HTTP/1.1 408 Request Timeout\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(greeting, 'listening');
    undo.push(() => greeting.close());
    const { port } = greeting.address() as AddressInfo;
    const made = new Connections(`http://127.0.0.1:${port}`, new HostNames(), 60_000);
    undo.push(() => made.close());
    let connected = 0;
    greeting.on('connection', () => connected++);
    await made.warm();
    await sleep(50);
    const socket = await new Promise<Socket>((resolve, reject) =>
      made.connect({ protocol: 'http:', hostname: '127.0.0.1', port: String(port) }, (error, given) =>
        error ? reject(error) : resolve(given),
      ),
    );
    expect(connected).toBe(2);
    socket.destroy();
  });

  it('leave nothing behind when they are closed, neither a socket nor an attempt', async () => {
    const made = connections(crm, 50);
    await made.warm();
    made.close();
    await crm.idle();
    await sleep(200);
    expect(crm.connections).toBe(1);
    const hopeless = connections({ url: `http://127.0.0.1:${await closedPort()}` } as CrmServer, 5);
    await expect(hopeless.warm()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    hopeless.close();
  });

  it('are made over TLS as well', async () => {
    const secure = await startCrmServer({ tls: true });
    undo.push(() => secure.stop());
    await expect(provide(secure).open()).rejects.toMatchObject({
      message: expect.stringMatching(/^the TLS certificate is not trusted/),
    });
  });

  it('outlive a name server that is gone', async () => {
    let isGone = false;
    const resolve = async (): Promise<LookupAddress[]> => {
      if (isGone) throw Object.assign(new Error('gone'), { code: 'EAI_AGAIN' });
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const origin = `http://crm.test:${crm.port}`;
    const context = providerContext({});
    const transport = new CrmTransport(
      origin,
      {
        notFound: [404],
        maxResponseBytes: 65_536,
        auth: makeAuth(undefined, context),
        limits: new CrmLimits({}, context.logger),
      },
      new HostNames(resolve, 0),
    );
    undo.push(() => transport.close());
    const ask = () =>
      transport.ask(
        { origin, path: `/contacts?phone=${encodeURIComponent(AINO)}`, method: 'GET', headers: {} },
        AbortSignal.timeout(5_000),
      );
    expect(await ask()).toMatchObject({ contacts: [{ tier: 'gold' }] });
    isGone = true;
    const { port, contacts } = crm;
    await crm.stop();
    crm = await startCrmServer({ port, contacts });
    expect(await ask()).toMatchObject({ contacts: [{ tier: 'gold' }] });
    expect(crm.connections).toBe(1);
  });
});
