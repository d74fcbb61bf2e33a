import { expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lookUp, QUICK } from '../../../test/support/crm-provider.js';
import { closedPort } from '../../../test/support/database-provider.js';
import { providerContext } from '../../plugin-api/testing/index.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import { AINO, describeWithCrm } from '../../../test/support/describe-with-crm.js';
import { eventually, patient } from '../../../test/support/eventually.js';
import { Connections } from './crm-http.connections.js';
import { HostNames } from './crm-http.dns.js';
import { CrmLimits } from './crm-http.limits.js';
import { RefusedCredentials } from './crm-http.refused.js';
import { CrmTransport } from './crm-http.transport.js';

describeWithCrm('the connections of crm-http', (trial) => {
  const provide = (server = trial.crm) =>
    trial.provide({
      url: `${server.url}/contacts?phone={{ number }}`,
      spellings: ['e164', 'national'],
    });
  const connections = (url = trial.crm.url, firstPauseMs = 10) => {
    const made = new Connections(url, new HostNames(), { ...QUICK, connectMs: firstPauseMs });
    trial.after(() => made.close());
    return made;
  };
  const listening = async (onConnection: (socket: Socket) => void) => {
    const server = createServer(onConnection).listen(0, '127.0.0.1');
    await once(server, 'listening');
    trial.after(() => server.close());
    return { server, port: (server.address() as AddressInfo).port };
  };

  it('are made before the first call, which finds one ready, without asking the CRM anything', async () => {
    const provider = provide();
    await provider.open();
    await eventually(() => trial.crm.openConnections === 1);
    expect(trial.crm.requests).toEqual([]);
    for (let i = 0; i < 5; i++) expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    expect(trial.crm.connections).toBe(1);
  });

  it('say at the start why there is none, and are made as soon as the CRM is there', async () => {
    await trial.crm.stop();
    const provider = provide();
    await expect(provider.open()).rejects.toMatchObject({
      name: 'VipLookupError',
      message: 'connection refused (ECONNREFUSED)',
    });
    await trial.crmComesBack();
    await eventually(() => trial.crm.openConnections === 1);
    expect(trial.crm.requests).toEqual([]);
  });

  it('are made anew when the CRM comes back, without a call', async () => {
    const provider = provide();
    await provider.open();
    await lookUp(provider, AINO);
    await trial.crmComesBack();
    await eventually(() => trial.crm.openConnections === 1);
    expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    expect(trial.crm.connections).toBe(1);
  });

  it('are made anew at a pace that slows down for a server that closes them at once', async () => {
    const sockets: Socket[] = [];
    const { port } = await listening((socket) => {
      sockets.push(socket);
      socket.on('error', () => socket.destroy()).end();
    });
    const timers = jest.spyOn(globalThis, 'setTimeout');
    trial.after(() => timers.mockRestore());
    await connections(`http://127.0.0.1:${port}`, 3).warm();
    await eventually(() => sockets.length === 5);
    const pausesMs = timers.mock.calls.map(([, ms]) => ms);
    expect([6, 12, 24, 48].filter((ms) => pausesMs.includes(ms))).toEqual([6, 12, 24, 48]);
  });

  it('are not given out when the server has said something on one that nobody used', async () => {
    let connected = 0;
    let ended = 0;
    const { port } = await listening((socket) => {
      connected++;
      socket.on('error', () => socket.destroy()).on('close', () => ended++);
      socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n');
    });
    const made = connections(`http://127.0.0.1:${port}`, 3_600_000);
    await made.warm();
    await eventually(() => ended === 1);
    const socket = await new Promise<Socket>((resolve, reject) =>
      made.connect({ protocol: 'http:', hostname: '127.0.0.1', port: String(port) }, (error, given) =>
        error ? reject(error) : resolve(given),
      ),
    );
    expect(connected).toBe(2);
    socket.destroy();
  });

  it('leave nothing behind when they are closed, neither a socket nor an attempt', async () => {
    const made = connections();
    await made.warm();
    made.close();
    await trial.crm.idle();
    await sleep(100);
    expect(trial.crm.connections).toBe(1);
    const hopeless = connections(`http://127.0.0.1:${await closedPort()}`, 5);
    await expect(hopeless.warm()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    hopeless.close();
  });

  it('are made over TLS as well', async () => {
    const secure = await startCrmServer({ tls: true });
    trial.after(() => secure.stop());
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
    const origin = `http://crm.test:${trial.crm.port}`;
    const context = providerContext({});
    const transport = new CrmTransport(
      origin,
      {
        notFound: [404],
        maxResponseBytes: 65_536,
        auth: {},
        refused: new RefusedCredentials(context.logger),
        limits: new CrmLimits({}, { evaluate: () => Promise.reject(new Error('not asked')) }, context.logger),
      },
      new HostNames(resolve, 0),
    );
    trial.after(() => transport.close());
    const ask = () =>
      transport.ask(
        { origin, path: `/contacts?phone=${encodeURIComponent(AINO)}`, method: 'GET', headers: {} },
        patient(),
        'take',
        (body) => Promise.resolve(JSON.parse(Buffer.from(body).toString()) as unknown),
      );
    expect(await ask()).toMatchObject({ contacts: [{ tier: 'gold' }] });
    isGone = true;
    await trial.crmComesBack();
    expect(await ask()).toMatchObject({ contacts: [{ tier: 'gold' }] });
    expect(trial.crm.connections).toBe(1);
  });

  it('trust a certificate authority of the company that NODE_EXTRA_CA_CERTS names', async () => {
    const secure = await startCrmServer({ tls: true, contacts: trial.crm.contacts });
    trial.after(() => secure.stop());
    const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path('../../../test/support/crm-lookup.mjs'), `${secure.url}/contacts?phone={{ number }}`, AINO],
      {
        cwd: path('../../..'),
        env: { ...process.env, NODE_EXTRA_CA_CERTS: path('../../../test/support/crm-server.cert.pem') },
      },
    );
    expect(stdout).toBe('gold');
  });
});
