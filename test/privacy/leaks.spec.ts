import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Needles } from './leaks.js';
import { checkSuite } from './suite.js';

const KEY = 'k3y-of/core "1"';
const CONFIG = `
credentials: [{ id: core, apiKey: '${KEY}' }]
providers:
  crm: { auth: { token: '\${CRM_TOKEN}' }, connection: "mysql://reader:p%40ss-word@db/crm" }
  list: { token: \${file:./token.txt} }
`;
const DECISION = '{"level":"info","caller":"+35850*****34","ms":1501231234.5,"msg":"decision"}';

describe('a search for numbers', () => {
  const needles = new Needles();
  for (const number of [
    '+358501231234',
    '0407654321',
    '+4670174060',
    'sip:aino@example.com',
    '+35891234567',
  ]) {
    needles.addNumber(number);
  }

  it.each([
    '+358501231234',
    '358501231234',
    '00358501231234',
    '0501231234',
    '501231234',
    '050-123 1234',
    '+358 50 123 1234',
    '+358 (50) 123-1234',
    'tel:+358501231234',
    'id-7-358501231234-8',
    'caller=358501231234&x=1',
    '{"number":501231234}',
    '+358407654320', // nobody's, but a number
    '0407654321',
    '407654321',
    '70174060',
    'sip:aino@example.com',
    '09 123 4567'.replace('09', '9'),
  ])('finds %j', (text) => {
    expect(needles.findNumbers(`no answer for ${text}, tried twice`)).not.toEqual([]);
  });

  it.each([
    '+35850*****34',
    '+4670*****0',
    'pid 1234567, 0.0501231 s',
    '2026-11-23T09:12:03.114Z',
    '50123123-1234-4501-8231-501231234501',
    '127.0.0.1:50123',
    'entries: 100000, 1767225600000',
    'port 4060, line 70174061',
  ])('takes %j for none', (text) => {
    expect(needles.findNumbers(text)).toEqual([]);
  });

  it('never shows what it found', () => {
    const [leak] = needles.findNumbers('+358501231234');
    expect(leak).toEqual({ what: 'number', shown: '+358… (13 characters)' });
  });
});

describe('the check of a recording', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smartrouting-leaks-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const record = (file: string, ...lines: object[]): Promise<void> =>
    writeFile(join(folder, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const configured = {
    kind: 'configuration',
    files: {
      '/etc/s.yaml': CONFIG,
      '/etc/token.txt': 'tok-from-file\n',
      '/etc/vips.csv': '0401112223,gold\n',
    },
    env: { CRM_TOKEN: 'tok-from-env', OTHER: 'harmless' },
  };
  const asked = {
    kind: 'asked',
    text: '{"anum":"+358501231234","bnum":"+358942415000","extradata":{"DYN_ANI":"+46701740605"}}',
  };
  const basic = `Basic ${Buffer.from('core:gue55ed-it').toString('base64')}`;
  const presented = { kind: 'presented', text: basic };
  const log = (text: string): object => ({ kind: 'log', text });
  const problemsOf = async (...lines: object[]): Promise<readonly string[]> => {
    await record('jest.jsonl', configured, asked, presented, log(DECISION), ...lines);
    return checkSuite('test/e2e/seeded.e2e-spec.ts', folder, []).problems;
  };

  it('finds nothing where nothing leaked, and says what it looked for', async () => {
    expect(await problemsOf(log('{"reason":"no answer for +35850*****34"}'))).toEqual([]);
    expect(checkSuite('suite', folder, [])).toMatchObject({ told: 2, numbers: 8, secrets: 10 });
  });

  it.each([
    ['the caller in a log line', log('{"msg":"asked for +358501231234"}')],
    ['the called number', log('{"msg":"942415000"}')],
    ['a number of extradata', log('{"msg":"+46 70 174 06 05"}')],
    ['a number of a list', log('{"msg":"line 2: 0401112223"}')],
    ['a plain key', log(JSON.stringify({ msg: `refused ${KEY}` }))],
    ['a key in a URL', log(`{"msg":"GET /?k=${encodeURIComponent(KEY)}"}`)],
    ['a token from the environment', log('{"msg":"tok-from-env"}')],
    ['a token from a file', log('{"msg":"Bearer tok-from-file"}')],
    ['the password of a database', log('{"msg":"p%40ss-word"}')],
    ['the same as the driver has it', log('{"msg":"p@ss-word"}')],
    ['a header', log(`{"msg":"${basic}"}`)],
    ['a wrong password', log('{"msg":"gue55ed-it"}')],
    ['a refusal', { kind: 'answer', url: '/x', status: 404, text: '{"detail":"Cannot GET /0501231234"}' }],
    [
      'a header of a refusal',
      { kind: 'answer', url: '/x', status: 404, text: '', headers: { location: '/+358501231234' } },
    ],
    ['a health body', { kind: 'answer', url: '/health', status: 200, text: '{"reason":"501231234"}' }],
    [
      'a label',
      { kind: 'answer', url: '/metrics', status: 200, text: 'lookups_total{target="0501231234"} 1' },
    ],
  ])('finds %s, and names place and kind but not the thing', async (_, leaky) => {
    const problems = await problemsOf(leaky);
    expect(problems).not.toEqual([]);
    for (const problem of problems) {
      expect(problem).toMatch(
        /^test\/e2e\/seeded\.e2e-spec\.ts: a (?:number|secret), .{1,4}… \(\d+ characters\), in jest\.jsonl, line 5/,
      );
    }
    expect(problems.join()).not.toMatch(/501231234|tok-from|p@ss-word|gue55ed-it/);
  });

  it('takes a sample of a metric for no number', async () => {
    expect(
      await problemsOf({ kind: 'answer', url: '/metrics', status: 200, text: 'bytes 501231234' }),
    ).toEqual([]);
  });

  const output = (args: string[], text: string): object => ({
    kind: 'output',
    stream: 'stdout',
    pid: 7,
    args,
    text,
  });

  it('lets a decision show its caller where the configuration says so, and nothing else', async () => {
    const plain = { ...configured, files: { '/etc/s.yaml': `${CONFIG}\nlogging: { numbers: plain }` } };
    await record('process-7.jsonl', { kind: 'process', args: [] }, plain, asked);
    const line = DECISION.replace('+35850*****34', '+358501231234');
    expect(await problemsOf(output(['dist/main.js'], line))).toEqual([]);
    expect(await problemsOf(log(line))).toHaveLength(1);
    expect(await problemsOf(output(['dist/main.js'], line.replace('"decision"', '"other"')))).toHaveLength(1);
  });

  it('lets the commands that show what they were asked for do so on standard output, but no secret', async () => {
    await record('process-7.jsonl', { kind: 'process', args: [] });
    expect(await problemsOf(output(['dist/cli/main.js', 'export'], '+358501231234,gold'))).toEqual([]);
    expect(await problemsOf(output(['dist/cli/main.js', 'import'], '+358501231234,gold'))).toHaveLength(1);
    expect(await problemsOf(output(['dist/cli/main.js', 'export'], 'tok-from-env'))).toHaveLength(1);
  });

  it('refuses a process that ran unrecorded', async () => {
    expect(await problemsOf(output(['dist/main.js'], 'hello'))).toEqual([
      expect.stringContaining('started dist/main.js unrecorded'),
    ]);
  });

  it('refuses a recording without anything to look for', async () => {
    await record('jest.jsonl', log(DECISION));
    expect(checkSuite('suite', folder, []).problems).toEqual(['suite: no number to look for was recorded.']);
  });
});
