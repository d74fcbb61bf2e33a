import fc from 'fast-check';

/** What one connection sends: pieces in packets of their own, one character per byte. */
export interface Sending {
  readonly packets: readonly string[];
  /** How it ends: with nothing more to send, or torn down. */
  readonly ending: 'half-closed' | 'aborted';
}

const PATHS = [
  '/smartrouting',
  '/smartrouting/',
  '/SMARTROUTING?x=%E0%A4%A',
  '/smartrouting%2f',
  '//smartrouting',
  '/smartrouting/../health',
  '/',
  '*',
  '/health',
  '/health/live?x[y]=1&x[y]=2&__proto__=1',
  '/health/ready#x',
  '/metrics',
  '/docs',
  '/docs/',
  '/docs-json',
  '/docs/swagger-ui.css',
  '/docs/swagger-ui-init.js',
  '/docs/..%2f..%2f..%2fpackage.json',
  '/docs/../../etc/passwd',
  '/docs//example.com/%2e%2e',
  '/docs/%00',
  '/%E0%A4%A',
  '/%zz',
  'http://[x/',
  'http://x:99999/smartrouting',
  'https://user:password@x/docs',
  'x:443',
  '/\xff\xfe',
];
const METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'PRI',
  'BREW',
];
const VERSIONS = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/11', 'http/1.1', ''];

/** Any bytes, one character each. */
const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array).toString('latin1'));

const HEADERS: Record<string, readonly string[]> = {
  Host: ['', 'y', 'x, y', '[::1]:80', '\xff'],
  Connection: ['close', 'keep-alive', 'Upgrade', 'close, keep-alive', 'Content-Length', 'Host'],
  Upgrade: ['websocket', 'h2c', 'TLS/1.0, HTTP/1.1'],
  Expect: ['100-continue', '100-Continue, 100-continue', 'tea', ''],
  'Content-Length': ['0', '5', '-1', '+5', '5, 5', '0x5', '99999999999999999999', '1e3', ' '],
  'Transfer-Encoding': ['chunked', 'gzip, chunked', 'chunked, chunked', 'identity', 'tea', 'chunked, tea'],
  'Content-Type': [
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'application/json;;=',
    ';',
    '',
  ],
  'Content-Encoding': ['gzip', 'br', 'identity', 'deflate, gzip', ''],
  Accept: ['text/html', '*/*;q=0', 'application/xml', ','],
  'Accept-Encoding': ['gzip', 'identity;q=0', '*;q=0'],
  Authorization: ['Basic', 'Basic Og==', 'Basic %%%', 'Bearer x', 'Basic Y29yZTo=', 'Digest x'],
  'X-Benemen-APIKey': ['', 'wrong', '__proto__', '\xe4'],
  Range: ['bytes=0-0', 'bytes=9-1', 'bytes=0-0,5-9', 'bytes=99999999999-', 'lines=1'],
  'If-Match': ['*', '"x"'],
  'If-None-Match': ['*', 'W/"x"'],
  'If-Modified-Since': ['Fri, 31 Dec 9999 23:59:59 GMT', 'yesterday'],
  'X-Forwarded-For': ['1.2.3.4', 'unknown', ', ,', '::ffff:1.2.3.4'],
  'X-Forwarded-Proto': ['https', 'gopher'],
  'X-HTTP-Method-Override': ['DELETE'],
  TE: ['trailers'],
  Trailer: ['Host'],
  Cookie: ['a=b; a=c; =; %'],
  Cookie2: ['$Version="1"'],
  constructor: ['x'],
};
const knownHeader = fc
  .constantFrom(...Object.entries(HEADERS), ['__proto__', ['x']] as const)
  .chain(([name, values]) =>
    fc.tuple(
      fc.constantFrom(name, name.toLowerCase(), name.toUpperCase()),
      fc.oneof(fc.constantFrom(...values), bytes(12)),
    ),
  )
  .map(([name, value]) => `${name}: ${value}`);
const anyHeader = fc.oneof(
  { weight: 12, arbitrary: knownHeader },
  { weight: 2, arbitrary: fc.tuple(bytes(12), bytes(30)).map(([name, value]) => `${name}: ${value}`) },
  { weight: 1, arbitrary: bytes(30) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((size) => `X-Long: ${'x'.repeat(size)}`) },
);
const headers = fc.oneof(
  { weight: 12, arbitrary: fc.array(anyHeader, { maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 3_000 }).map((count) => new Array<string>(count).fill('X:y')),
  },
);

/** Calls with anything in each of their properties. */
export const anyCall = fc.record(
  {
    anum: fc.oneof(
      fc.constantFrom('+358501231234', '+35891', 'anonymous', ''),
      fc.string({ unit: 'binary' }),
      fc.jsonValue(),
    ),
    bnum: fc.oneof(fc.string(), fc.jsonValue()),
    targetid: fc.oneof(
      fc.constantFrom('OWN', 'default', '__proto__', 'constructor'),
      fc.string(),
      fc.jsonValue(),
    ),
    extradata: fc.oneof(
      fc.dictionary(
        fc.oneof(fc.constantFrom('DYN_x', 'DYN_y', '__proto__', 'CallId'), fc.string()),
        fc.oneof(fc.constantFrom('a', 'b'), fc.jsonValue()),
      ),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: [] },
);

/** Texts that are JSON, nearly JSON, or JSON that programs stumble over. */
export const jsonish: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  anyCall.map((call) => JSON.stringify(call)),
  fc.integer({ min: 1, max: 40_000 }).map((depth) => '['.repeat(depth)),
  fc
    .integer({ min: 1, max: 10_000 })
    .map((depth) => `{"anum":"1","bnum":"2","extradata":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`),
  fc.integer({ min: 1, max: 10_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  fc.constantFrom(
    '{"anum":"1","anum":"+358501231234","bnum":"2","bnum":3}',
    '{"anum":"\\ud800","bnum":"\\udfff\\ud800","targetid":"\\u0000"}',
    '{"anum":1e999,"bnum":-1e-999}',
    `{"anum":"${'9'.repeat(60_000)}","bnum":"1"}`,
    `{"anum":${'9'.repeat(60_000)},"bnum":"1"}`,
    '{"anum":"1","bnum":"2","extradata":{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}},"toString":1}}',
    '{"__proto__":{"anum":"+358501231234","bnum":"1"}}',
    '{"anum":"1","bnum":"2","toString":1,"hasOwnProperty":1,"then":1,"toJSON":1}',
    '\ufeff{"anum":"1","bnum":"2"}',
    'NaN',
    '{"anum":"1","bnum":"2",}',
    "{'anum':'1'}",
    '',
  ),
);
const body = fc.oneof(
  jsonish.map((text) => Buffer.from(text).toString('latin1')),
  bytes(300),
  fc.integer({ min: 1, max: 100_000 }).map((size) => ' '.repeat(size)),
);

/** How a body is announced and sent; mostly as it should be. */
type Framing = 'length' | 'chunked' | 'none' | 'short' | 'long' | 'broken chunks' | 'both';
const framing = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Framing>('length') },
  { weight: 2, arbitrary: fc.constant<Framing>('chunked') },
  { weight: 1, arbitrary: fc.constantFrom<Framing>('none', 'short', 'long', 'broken chunks', 'both') },
);

function framed(how: Framing, content: string): [string[], string] {
  const chunks = `${content.length.toString(16)};x=y\r\n${content}\r\n0\r\nX-Trailer: z\r\n\r\n`;
  const length = (bytesThere: number): string => `Content-Length: ${Math.max(0, bytesThere)}`;
  if (how === 'length') return [[length(content.length)], content];
  if (how === 'short') return [[length(content.length - 3)], content];
  if (how === 'long') return [[length(content.length + 3)], content];
  if (how === 'none') return [[], content];
  if (how === 'both') return [['Transfer-Encoding: chunked', length(content.length)], chunks];
  return [
    ['Transfer-Encoding: chunked'],
    how === 'chunked' ? chunks : chunks.replace(';', ' ;\xff').slice(1),
  ];
}

/** One request, from sound to hopeless. */
function anyRequest(key: string): fc.Arbitrary<string> {
  return fc
    .record({
      method: fc.oneof(
        { weight: 3, arbitrary: fc.constant('POST') },
        { weight: 3, arbitrary: fc.constantFrom(...METHODS) },
        { weight: 1, arbitrary: bytes(8) },
      ),
      target: fc.oneof(
        { weight: 3, arbitrary: fc.constant('/smartrouting') },
        { weight: 4, arbitrary: fc.constantFrom(...PATHS) },
        { weight: 1, arbitrary: bytes(40).map((text) => `/${text}`) },
        { weight: 1, arbitrary: fc.webUrl({ withQueryParameters: true, withFragments: true }) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((size) => `/${'x'.repeat(size)}`) },
      ),
      version: fc.oneof(
        { weight: 9, arbitrary: fc.constant('HTTP/1.1') },
        { weight: 1, arbitrary: fc.constantFrom(...VERSIONS) },
      ),
      host: fc.constantFrom(['Host: x'], ['Host: x'], ['Host: x'], ['Host: x'], []),
      login: fc.constantFrom([`X-Benemen-APIKey: ${key}`], [`X-Benemen-APIKey: ${key}`], []),
      more: headers,
      content: body,
      how: framing,
    })
    .map(({ method, target, version, host, login, more, content, how }) => {
      const [frame, sent] = framed(how, content);
      const lines = [...host, ...login, ...more, ...frame];
      return `${method} ${target} ${version}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${sent}`;
    });
}

/** Some bytes put in, or taken out, somewhere; mostly nothing. */
const damage = fc.option(
  fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), out: fc.nat(20), put: bytes(20) }),
  { freq: 4 },
);

/** Up to three requests in a row on one connection, cut into packets anywhere. */
export function anySending(key: string): fc.Arbitrary<Sending> {
  return fc
    .record({
      requests: fc.array(anyRequest(key), { minLength: 1, maxLength: 3 }),
      damage,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      ending: fc.constantFrom<Sending['ending']>('half-closed', 'half-closed', 'half-closed', 'aborted'),
    })
    .map(({ requests, damage: harm, cuts, ending }) => {
      let all = requests.join('');
      if (harm) {
        const at = Math.floor(harm.at * all.length);
        all = all.slice(0, at) + harm.put + all.slice(at + harm.out);
      }
      return { packets: inPackets(all, cuts), ending };
    });
}

/** @param cuts where, as parts of the whole */
export function inPackets(all: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => Math.floor(cut * all.length)).sort((a, b) => a - b), all.length];
  return places.slice(1).map((end, i) => all.slice(places[i], end));
}

/** What may come after sound calls on the same connection. */
export function anyTrouble(key: string): fc.Arbitrary<string> {
  return fc.oneof(bytes(100), anyRequest(key), fc.constantFrom('\r\n', '\r\n\r\n', '\x16\x03\x01', 'GET'));
}
