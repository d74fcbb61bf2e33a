import { afterEach, describe, expect, it, jest } from '@jest/globals';
import childProcess from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { readRecords } from './record-file.js';
import { countingTurns } from '../../../test/support/turns.js';

const COUNT = 2_000;
const numberAt = (at: number) => String(10_000 + at);
const entries = (write: (at: number) => string): string[] =>
  Array.from({ length: COUNT }, (_, at) => write(at));
const read = (text: string, signal?: AbortSignal) => readRecords(Buffer.from(text), 'list.yaml', { signal });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a long YAML list', () => {
  const high = '{ ExtraPriority: 50, Texts: [a, "b"] }';
  it.each([
    ['in block style', entries((at) => `- number: ${numberAt(at)}\n  tier: 007\n`).join(''), 2, undefined],
    [
      'in flow style',
      `[\n${entries((at) => `{ number: ${numberAt(at)}, tier: 007 }`).join(',\n')}\n]`,
      1,
      undefined,
    ],
    [
      'with an alias in each entry',
      entries(
        (at) =>
          `- { number: ${numberAt(at)}, tier: ${at === 0 ? '&tier 007' : '*tier'}, instructions: ${at === 0 ? `&high ${high}` : '*high'} }\n`,
      ).join(''),
      1,
      { ExtraPriority: 50, Texts: ['a', 'b'] },
    ],
  ])(
    '%s is read as it is written, with its lines, and makes way meanwhile',
    async (_, text, lines, instructions) => {
      const { result: list, turns } = await countingTurns(() => read(text));
      expect(list.problems).toEqual([]);
      expect(list.records.map(({ record }) => record)).toEqual(
        entries(numberAt).map((number) => ({ number, tier: '007', ...(instructions && { instructions }) })),
      );
      const first = text.startsWith('[') ? 2 : 1;
      expect(list.records.map(({ line }) => line)).toEqual(
        Array.from({ length: COUNT }, (_, at) => first + at * lines),
      );
      expect(turns).toBeGreaterThan(10);
    },
  );

  it('has its problems in the order of its lines, whoever found them', async () => {
    const bad = (at: number) => (at % 2 === 0 ? { number: numberAt(at) } : '4711');
    const list = await read(
      entries((at) => `- ${JSON.stringify(at < 100 ? bad(at) : { x: [at] })}\n`).join(''),
    );
    expect(list.problems.slice(0, 4)).toEqual([
      'line 1, tier: is missing; write the tier that routes name, for example gold',
      'line 2: must be an object with at least a number and a tier',
      'line 3, tier: is missing; write the tier that routes name, for example gold',
      'line 4: must be an object with at least a number and a tier',
    ]);
    expect(list.problemCount).toBe(100 + 3 * (COUNT - 100));
  });

  it('has all its problems counted, also those between which no entry can be read', async () => {
    const list = await read(entries((at) => `- &e${at} { number: ${at}, tier: *e${at} }\n`).join(''));
    expect(list.problemCount).toBe(COUNT);
    expect(list.problems.at(-2)).toMatch(/^line 100:/);
    expect(list.problems.at(-1)).toBe(`and ${COUNT - 100} more`);
  });

  it('leaves entries out that are larger than any VIP needs, and names the line, the rule and the cure', async () => {
    const many = (write: (at: number) => string) =>
      Array.from({ length: 6_000 }, (_, at) => write(at)).join('');
    const list = await read(
      [
        `- { number: 1, tier: g, attributes: { ${many((at) => `k${at}: 1, `)} } }`,
        `- { number: 2, tier: g, attributes: { x: [${many(() => '1, ')}] } }`,
        `- number: 3\n  tier: >\n${many(() => '    a\n')}`,
        `- { number: 4, tier: ${'g'.repeat(600_000)} }`,
        `- { number: 5, tier: g, attributes: { x: ${'['.repeat(6_000)}${']'.repeat(6_000)} } }`,
        '- { number: 6, tier: g }',
      ].join('\n'),
    );
    expect(list.records.map(({ record }) => record.number)).toEqual(['6']);
    expect(list.problems).toEqual([]);
    expect(list.leftOut).toEqual([
      'line 1: has more than 1000 names in one object; leave out what no route or template needs',
      'line 2: has more than 5000 values, or lines of text; leave out what no route or template needs',
      'line 3: has more than 5000 values, or lines of text; leave out what no route or template needs',
      'line 6006: is longer than 512 KiB; shorten it',
      'line 6007: is nested deeper than 50 levels; write it flatter',
    ]);
  });

  it('is read no further when it is told to stop', async () => {
    const stop = new AbortController();
    const reading = read(entries((at) => `- { number: ${numberAt(at)}, tier: a }\n`).join(''), stop.signal);
    setImmediate(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    ['SIGABRT', 'needs too much memory'],
    ['SIGKILL', 'ended too soon'],
  ] as const)('cannot be read when its process ends (%s: %s)', async (signal, reason) => {
    const fork = jest.spyOn(childProcess, 'fork');
    const reading = read(entries((at) => `- { number: ${numberAt(at)}, tier: a }\n`).join(''));
    setImmediate(() => (fork.mock.results[0]!.value as ChildProcess).kill(signal));
    await expect(reading).rejects.toThrow(
      `the process that reads a YAML list ${reason}; write the list as CSV or JSON`,
    );
  });

  it('cannot be read when no process can be begun', async () => {
    const { fork } = childProcess;
    const nowhere = (file: string, options: ForkOptions) =>
      fork(file, { ...options, cwd: '/no/such/folder' });
    jest.spyOn(childProcess, 'fork').mockImplementation(nowhere as typeof fork);
    await expect(read(entries((at) => `- { number: ${numberAt(at)}, tier: a }\n`).join(''))).rejects.toThrow(
      'the process that reads a YAML list could not be begun (ENOENT)',
    );
  });
});
