import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startFailure } from './start-failure.js';
import { ConfigError } from '../config/config-error.js';

/** What listening there rejects with. */
async function refusal(port: number, host: string): Promise<unknown> {
  const server = createServer().listen(port, host);
  const [error] = (await once(server, 'error')) as [unknown];
  return error;
}

describe('what the process says when it cannot start', () => {
  it('names the host that is none of this machine, and how to choose another', async () => {
    const { exitCode, text } = startFailure(await refusal(0, '192.0.2.1'));
    expect(exitCode).toBe(1);
    expect(text).toMatch(
      /^Cannot listen \(EADDRNOTAVAIL\): .*\. Set another server\.host, or HOST in the environment\.$/,
    );
  });

  it('names the key of the port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await refusal(port, '127.0.0.1');
    expect(startFailure(error)).toEqual({
      exitCode: 1,
      text: `Cannot listen (EADDRINUSE): listen EADDRINUSE: address already in use 127.0.0.1:${port}. Set another server.port, or PORT in the environment.`,
    });
    expect(startFailure(Object.assign(error as Error, { section: 'management' })).text).toMatch(
      / Set another management\.port, or MANAGEMENT_PORT in the environment\.$/,
    );
    server.close();
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['spilt tea', "'spilt tea'"],
    [Object.create(null), '[Object: null prototype] {}'],
    [
      new Proxy(
        { brew: 1 },
        {
          get: () => {
            throw new TypeError('cold');
          },
        },
      ),
      // Newer versions of Node name the proxy.
      expect.stringContaining('{ brew: 1 }'),
    ],
  ])('shows what is not an error: %#', (thrown: unknown, text: unknown) => {
    expect(startFailure(thrown)).toEqual({ exitCode: 1, text });
  });

  it('says what a port below 1024 needs', () => {
    const error = Object.assign(new Error('listen EACCES: permission denied 0.0.0.0:80'), { code: 'EACCES' });
    expect(startFailure(error).text).toMatch(
      /Set another server\.port, or PORT in the environment, or give the process CAP_NET_BIND_SERVICE for one below 1024\.$/,
    );
  });

  it('tells the problems of a configuration as they are, with an exit code of their own', () => {
    const error = new ConfigError('smartrouting.yaml', [{ key: 'server', message: 'is wrong' }]);
    expect(startFailure(error)).toEqual({ exitCode: 78, text: error.message });
  });

  it('shows where a defect is', () => {
    expect(startFailure(new TypeError('a defect'))).toEqual({
      exitCode: 1,
      text: expect.stringMatching(/^TypeError: a defect\n +at .*app\/start-failure\.spec\.ts/),
    });
  });
});
