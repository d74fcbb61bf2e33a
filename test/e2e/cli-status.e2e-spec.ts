import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readiness } from '../../src/health/readiness.js';
import { cli } from '../support/command-line.js';
import { KEY, RunningService } from '../support/service.js';

const configuration = (more = '', priority = 5): string => `
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  ${more}
targets: { SALES: { providers: [list], routes: [{ instructions: { ExtraPriority: ${priority} } }] } }
logging: { level: silent }
`;
const DEAD_CRM =
  'crm: { kind: crm-http, url: "http://127.0.0.1:9/{{ number }}", record: "$", timeout: 4500ms }';

let up: RunningService;
let degraded: RunningService;
let foreign: Server;
let folder: string;

beforeAll(async () => {
  const list = { 'vips.csv': 'number,tier\n+358501231234,gold\n' };
  up = await RunningService.start({ ...list, 'smartrouting.yaml': configuration() });
  degraded = await RunningService.start({ ...list, 'smartrouting.yaml': configuration(DEAD_CRM, 6) });
  // Says what a terminal would obey.
  foreign = createServer((request, response) => {
    const isHuge = request.url?.startsWith('/huge') === true;
    const body = {
      details: { build: { status: 'up', version: '\u001b[31m1' }, 'a\u0007b': { status: 'down' } },
    };
    response.setHeader('Content-Type', 'application/json');
    response.end(
      isHuge
        ? '[' + ' '.repeat(5 * 1024 * 1024)
        : request.url === '/page/health'
          ? '<p>'
          : JSON.stringify(body),
    );
  }).listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-status-'));
});
afterAll(async () => {
  foreign.close();
  await Promise.all([up.stop(), degraded.stop(), rm(folder, { recursive: true })]);
});

const lineOf = (url: string, state: string): RegExp =>
  new RegExp(
    `^${url}: ${state}, version \\d\\S* \\(commit unknown\\), configuration [0-9a-f]{12} since \\d{4}-\\S+Z$`,
    'm',
  );

describe('status', () => {
  it('is 0 where all instances are up, in whatever form their addresses are given', async () => {
    const bare = up.url.replace('http://', '');
    for (const form of [up.url, `${up.url}/`, bare, `${up.url}/health`, `${up.url}/health/ready/`]) {
      const { code, stdout } = await cli(['status', form]);
      expect([form, code]).toEqual([form, 0]);
      expect(stdout.trim()).toMatch(lineOf(up.url, 'up'));
    }
    const twice = await cli(['status', up.url, up.url]);
    expect([twice.code, twice.stdout.trim().split('\n').at(-1)]).toEqual([0, '2 instances: 2 up.']);
  });

  it('is 1 where one is degraded, says why, and that they run different configurations', async () => {
    const { code, stdout } = await cli(['status', up.url, degraded.url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(lineOf(up.url, 'up'));
    expect(stdout).toMatch(lineOf(degraded.url, 'degraded'));
    expect(stdout).toMatch(/^ {2}crm since \d{4}-\S+Z: connection refused \(ECONNREFUSED\)$/m);
    expect(stdout).toMatch(/^2 instances: 1 up, 1 degraded\.$/m);
    expect(stdout).toMatch(
      /^Warning: the instances run different configurations: [0-9a-f]{12}, [0-9a-f]{12}$/m,
    );
    expect(stdout).not.toContain('different builds');
  });

  it('is 1 where one takes no calls', async () => {
    const readiness = up.app.get(Readiness);
    readiness.state = 'stopping';
    const { code, stdout } = await cli(['status', up.url]).finally(() => (readiness.state = 'ready'));
    expect([code, stdout]).toEqual([1, expect.stringContaining('\n  not ready: the server is stopping\n')]);
  });

  it('is 2 where one does not answer, or something else does, whatever the others say', async () => {
    const other = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
    const cases = [
      [
        'http://127.0.0.1:9',
        'http://127.0.0.1:9: no answer: ECONNREFUSED. Is the service running, and is the URL right?',
      ],
      ['http://user:s3cret@127.0.0.1:9/?key=s3cret', 'http://127.0.0.1:9: no answer: ECONNREFUSED.'],
      [`${other}/page`, `${other}/page: no answer: HTTP 200, which is not the /health of smartrouting-vip.`],
      [`${other}/huge`, `${other}/huge: no answer: HTTP 200, which is not the /health`],
      ['http://[', 'http://[: no answer: that is no address. Write http://host:port.'],
    ] as const;
    for (const [url, line] of cases) {
      const { code, stdout } = await cli(['status', url, degraded.url]);
      expect([url, code]).toEqual([url, 2]);
      expect(stdout).toContain(line);
      expect(stdout).toMatch(lineOf(degraded.url, 'degraded'));
      expect(stdout).not.toContain('s3cret');
    }
    const { stdout } = await cli(['status', other]);
    expect(stdout).toContain(
      'version  [31m1 (commit unknown), configuration unknown since unknown\n  a b: unknown\n',
    );
  });

  it('asks the instance of the configuration when none is named', async () => {
    const file = join(folder, 'smartrouting.yaml');
    await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
    const env = { SMARTROUTING_CONFIG: file, DATABASE_URL: 'sqlite::memory:' };
    const { port } = new URL(up.url);
    await writeFile(file, configuration());
    const own = await cli(['status'], { ...env, HOST: '0.0.0.0', PORT: '9', MANAGEMENT_PORT: port });
    expect([own.code, own.stdout.trim()]).toEqual([0, expect.stringMatching(lineOf(up.url, 'up'))]);
    const free = await cli(['status'], { ...env, PORT: '0' });
    expect([free.code, free.stderr]).toEqual([
      1,
      expect.stringContaining('Name the address: status http://'),
    ]);
    await writeFile(file, 'targets: 1');
    expect((await cli(['status'], env)).code).toBe(78);
  });
});
