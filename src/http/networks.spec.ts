import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientAddress, clientGroup, networkMatcher } from './networks.js';

describe('networkMatcher', () => {
  it.each<[string, string, boolean]>([
    ['80.88.186.0/24', '80.88.186.0', true],
    ['80.88.186.0/24', '80.88.186.255', true],
    ['80.88.186.0/24', '80.88.187.0', false],
    ['80.88.186.77/24', '80.88.186.1', true],
    ['80.88.186.7', '80.88.186.7', true],
    ['80.88.186.7', '80.88.186.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '203.0.113.9', false],
    ['2001:db8::/32', '2001:DB8:0:0:0:0:0:1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['80.88.186.0/24', '::ffff:80.88.186.9', true],
    ['80.88.186.0/24', '::ffff:5058:ba09', true],
    ['80.88.186.0/24', '::ffff:80.88.187.9', false],
    ['::ffff:80.88.186.0/120', '80.88.186.9', true],
    ['::ffff:80.88.186.0/120', '80.88.187.9', false],
    ['::ffff:80.88.186.7', '::ffff:80.88.186.7', true],
    ['80.88.186.0/24', '80.88.186.9:51234', true],
    ['2001:db8::/32', '[2001:db8::1]:51234', true],
    ['2001:db8::/32', '[2001:db8::1]', true],
  ])('%s and %s: %s', (range, address, expected) => {
    expect(networkMatcher([range])(address)).toBe(expected);
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '0127.0.0.1',
    '127.0.0.1 ',
    '127.0.0.1, 10.0.0.1',
  ])('finds %j in no network, because it is not an address', (text) => {
    expect(networkMatcher(['0.0.0.0/0', '::/0'])(text)).toBe(false);
  });

  it('matches any of several ranges, and nothing without ranges', () => {
    const matches = networkMatcher(['80.88.186.0/24', '2001:db8::/32']);
    expect(['80.88.186.1', '2001:db8::1', '10.0.0.1'].map(matches)).toEqual([true, true, false]);
    expect(networkMatcher([])('127.0.0.1')).toBe(false);
  });

  it.each([
    ['', 'is not a network.'],
    ['x', 'is not a network.'],
    ['80.88.186.0/33', 'has a prefix that is not from /0 to /32.'],
    ['80.88.186/24', 'is not a network.'],
    ['2001:db8::/129', 'has a prefix that is not from /0 to /128.'],
    ['10.0.0.0/', 'is not a network.'],
    ['::ffff:10.0.0.0/90', 'is an IPv4 range in an IPv6 spelling'],
    ['fe80::1%eth0', 'has a zone (%)'],
  ])('refuses the range %j by name: it %s', (range, problem) => {
    expect(() => networkMatcher([range])).toThrow(`${JSON.stringify(range)} ${problem}`);
  });
});

describe('clientGroup', () => {
  it('is the IPv4 address, however it is written', () => {
    expect(clientGroup('203.0.113.9')).toBe('203.0.113.9');
    expect(clientGroup('::ffff:203.0.113.9')).toBe('203.0.113.9');
  });

  it('is the /64 of an IPv6 address', () => {
    expect(clientGroup('2001:db8:1:2:3:4:5:6')).toBe(clientGroup('2001:db8:1:2:ffff::1'));
    expect(clientGroup('2001:db8:1:2::1')).not.toBe(clientGroup('2001:db8:1:3::1'));
  });

  it('is one for all addresses that are not known', () => {
    expect([undefined, 'unknown', ''].map(clientGroup)).toEqual(['unknown', 'unknown', 'unknown']);
  });
});

describe('clientAddress behind Express', () => {
  let server: Server | undefined;
  afterEach(() => new Promise((closed) => (server ? server.close(closed) : closed(undefined))));

  async function seen(trusted: string[], forwardedFor?: string): Promise<string | undefined> {
    const app = express();
    app.set('trust proxy', networkMatcher(trusted));
    app.get('/', (request, response) => void response.json({ address: clientAddress(request) }));
    const listening = await new Promise<Server>((resolve) => {
      const started = app.listen(0, '127.0.0.1', () => resolve(started));
    });
    server = listening;
    const { port } = listening.address() as AddressInfo;
    const headers: Record<string, string> =
      forwardedFor === undefined ? {} : { 'X-Forwarded-For': forwardedFor };
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
    return ((await response.json()) as { address?: string }).address;
  }

  it.each<[string, string[], string | undefined, string | undefined]>([
    ['is the connection without a header', ['127.0.0.1'], undefined, '127.0.0.1'],
    ['is the connection when nobody is trusted', [], '203.0.113.9', '127.0.0.1'],
    ['is the connection when somebody else is trusted', ['10.0.0.1'], '203.0.113.9', '127.0.0.1'],
    ['is what the trusted proxy saw', ['127.0.0.1'], '203.0.113.9', '203.0.113.9'],
    ['is not what the client claims', ['127.0.0.1'], '80.88.186.1, 203.0.113.9', '203.0.113.9'],
    ['is not a trusted address the client claims', ['127.0.0.1'], '127.0.0.1, 203.0.113.9', '203.0.113.9'],
    [
      'goes through several trusted proxies',
      ['127.0.0.1', '10.0.0.0/8'],
      '203.0.113.9, 10.1.2.3',
      '203.0.113.9',
    ],
    ['stops at a proxy that is not trusted', ['127.0.0.1'], '203.0.113.9, 10.1.2.3', '10.1.2.3'],
    ['is IPv4 for a mapped address', ['127.0.0.1'], '::ffff:203.0.113.9', '203.0.113.9'],
    ['is trusted in mapped spelling', ['::ffff:127.0.0.1'], '203.0.113.9', '203.0.113.9'],
    ['loses a port', ['127.0.0.1'], '203.0.113.9:4711', '203.0.113.9'],
    ['loses brackets', ['127.0.0.1'], '[2001:db8::1]:4711', '2001:db8::1'],
    [
      'goes through a trusted proxy with a port',
      ['127.0.0.1', '10.0.0.1'],
      '203.0.113.9, 10.0.0.1:80',
      '203.0.113.9',
    ],
    ['is unknown behind a proxy that hides it', ['127.0.0.1'], 'unknown', undefined],
    [
      'is unknown rather than what stands left of a hidden one',
      ['127.0.0.1'],
      '203.0.113.9, unknown',
      undefined,
    ],
    ['is unknown behind a proxy that writes nothing', ['127.0.0.1'], '', undefined],
    ['is unknown rather than what stands left of an empty entry', ['127.0.0.1'], '203.0.113.9,', undefined],
    ['is unknown rather than what stands left of a blank one', ['127.0.0.1'], '203.0.113.9, , ', undefined],
    [
      'is unknown where a trusted proxy further out wrote nothing',
      ['127.0.0.1', '10.0.0.1'],
      '203.0.113.9,,10.0.0.1',
      undefined,
    ],
    ['is what the proxy saw, whatever was empty before', ['127.0.0.1'], ' ,,203.0.113.9', '203.0.113.9'],
  ])('%s', async (_title, trusted, forwardedFor, expected) => {
    expect(await seen(trusted, forwardedFor)).toBe(expected);
  });
});
