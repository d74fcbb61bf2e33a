import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../test/support/eventually.js';
import { MAX_BODY_BYTES, readJsonBody } from './json-body.js';
import { Problem } from './problem.js';

let server: Server;
let port: number;
let lastRead: Promise<unknown>;
beforeAll(async () => {
  server = createServer((request, response) => {
    lastRead = readJsonBody(request).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      return { refused: error.getStatus(), why: error.more.errors?.[0]?.message ?? error.detail };
    });
    void lastRead.then((read) => response.end(JSON.stringify(read)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function read(
  body: string | Buffer,
  type?: string,
  more: Record<string, string> = {},
): Promise<unknown> {
  const headers = { ...(type !== undefined && { 'Content-Type': type }), ...more };
  const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body });
  return answer.json();
}

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
const filled = (length: number): string => JSON.stringify('x'.repeat(length - 2));

describe('the JSON body', () => {
  it.each<[string, string | undefined]>([
    ['application/json', 'application/json'],
    ['application/json in other letters, with a charset', 'Application/JSON; Charset="UTF-8"'],
    ['UTF-8 by its common wrong name', 'application/json; charset=utf8'],
    ['a part of UTF-8', 'application/json; charset=us-ascii'],
    ['an empty type', ''],
    ['a parameter that nobody knows', 'application/json;v=1'],
    ['no type at all', undefined],
  ])('is read with %s', async (_, type) => {
    expect(await read(bytes('{"a":"ä🔑"}'), type)).toEqual({ a: 'ä🔑' });
  });

  it('may begin with a byte order mark, and come in several pieces', async () => {
    expect(await read(bytes('\ufeff[1]'), 'application/json')).toEqual([1]);
    const socket = connect(port, '127.0.0.1');
    const before = lastRead;
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n');
    await eventually(() => expect(lastRead).not.toBe(before));
    socket.write('5\r\na":1}\r\n0\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    expect(await lastRead).toEqual({ a: 1 });
    socket.destroy();
  });

  it('may have 64 KiB, however it is sent', async () => {
    expect(await read(filled(MAX_BODY_BYTES), 'application/json')).toHaveLength(MAX_BODY_BYTES - 2);
    const why = 'the body is larger than 65536 bytes';
    expect(await read(filled(MAX_BODY_BYTES + 1), 'application/json')).toEqual({ refused: 413, why });
    const socket = connect(port, '127.0.0.1');
    const chunk = 'x'.repeat(0x4000);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let chunks = 0; chunks < 5; chunks++) socket.write(`4000\r\n${chunk}\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    expect(await lastRead).toEqual({ refused: 413, why });
    socket.destroy();
  });

  it.each<[string, string | Buffer, string, unknown]>([
    ['empty', '', 'application/json', { refused: 400, why: 'is empty; send a JSON object' }],
    ['no JSON', '{"a":', 'application/json', { refused: 400, why: 'is not valid JSON' }],
    [
      'only a byte order mark',
      bytes('\ufeff'),
      'application/json',
      { refused: 400, why: 'is not valid JSON' },
    ],
    [
      'another type',
      '{}',
      'text/plain',
      { refused: 415, why: 'send the body as Content-Type: application/json' },
    ],
    [
      'another charset',
      '{}',
      'application/json; charset=latin1',
      { refused: 415, why: 'send the body in UTF-8' },
    ],
  ])('is refused when it is %s', async (_, body, type, answer) => {
    expect(await read(body, type)).toEqual(answer);
  });

  it('is refused when it is compressed', async () => {
    const why = 'send the body without Content-Encoding';
    expect(await read('{}', 'application/json', { 'Content-Encoding': 'gzip' })).toEqual({
      refused: 415,
      why,
    });
    expect(await read('{}', 'application/json', { 'Content-Encoding': 'identity' })).toEqual({});
  });

  it('is given up when the connection ends before it', async () => {
    const socket = connect(port, '127.0.0.1');
    const before = lastRead;
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a":');
    await eventually(() => expect(lastRead).not.toBe(before));
    socket.destroy();
    expect(await lastRead).toEqual({ refused: 400, why: 'the body could not be read completely' });
  });
});
