import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { QUICK } from '../../../../test/support/crm-provider.js';
import { holdTimeouts } from '../../../../test/support/held-timeouts.js';
import type { Json } from '../../../plugin-api/index.js';
import { VipLookupBusyError, VipLookupError } from '../../../plugin-api/index.js';
import { Evaluator } from '../crm-http.evaluator.js';
import { paceOf } from './make-copy.js';
import { PAGE_LIMITS, PageReader, PageRequest } from './page-reader.js';
import type { Pace } from './page-reader.js';

const STARTED = '2026-01-01T00:00:00.000Z';
const PAGE = { maxTicks: 120, maxCharacters: 2 ** 22 };
const NEVER = new AbortController().signal;

interface Reading {
  readonly limits?: Partial<typeof PAGE_LIMITS>;
  readonly next?: string;
  readonly body?: string;
  readonly pace?: Pace;
}

/** The n-th answer, from 1. */
type Answers = (count: number) => Json;

/** Paths, or bodies, that the last reading asked for. */
const asked: string[] = [];

const after: (() => void)[] = [];
afterEach(() => {
  for (const step of after.splice(0)) step();
});

/** Reads a CRM's pages: answers, or what is thrown, one after the other, the last one from then on. */
async function read(
  url: string,
  answers: readonly (Json | Error)[] | Answers,
  { limits = {}, next = 'next', body, pace = async () => undefined }: Reading = {},
): Promise<{ ids: Json[]; asked: string[] }> {
  asked.length = 0;
  const expressions = {
    errorPath: 'error',
    'sync.records': 'ids',
    'sync.next': next,
    'sync.cursor': 'token',
  };
  const evaluator = new Evaluator(expressions, 2 ** 20);
  after.push(() => evaluator.close());
  const reader = new PageReader(
    async ({ path, body: sent }, bindings, signal) => {
      asked.push(sent ?? path);
      const answer = Array.isArray(answers)
        ? (answers as (Json | Error)[])[Math.min(asked.length, answers.length) - 1]!
        : (answers as Answers)(asked.length);
      if (answer instanceof Error) throw answer;
      signal.throwIfAborted();
      const bytes = new TextEncoder().encode(JSON.stringify(answer));
      return evaluator.evaluate(bytes, Object.keys(expressions), bindings, PAGE, signal);
    },
    { ...PAGE_LIMITS, ...limits },
    { ...QUICK, pageMs: [1, 1], busyMs: 1 },
    pace,
  );
  const request = new PageRequest('sync.full', {
    url,
    ...(body !== undefined && { method: 'POST', body }),
  });
  const ids: Json[] = [];
  for await (const page of reader.pages(request, undefined, STARTED, NEVER)) ids.push(...page.entries);
  return { ids, asked };
}

const BY_PAGE = 'https://crm.example/vips?page={{ page | default: 1 }}';
const ENDLESS = '($page ? $page : 1) + 1';
const BY_LINK = 'https://crm.example/vips?size=2';

describe('the pages of a pull', () => {
  afterEach(() => void jest.useRealTimers());

  it('are named by next until it names none', async () => {
    expect(
      await read(BY_PAGE, [
        { ids: [1, 2], next: 2 },
        { ids: [3], next: null },
      ]),
    ).toEqual({
      ids: [1, 2, 3],
      asked: ['/vips?page=1', '/vips?page=2'],
    });
  });

  it('are linked by next, relative or in full, at the same host', async () => {
    const answers: Json[] = [
      { ids: [1], next: '?token=b' },
      { ids: [2], next: 'https://crm.example/vips?token=c' },
      { ids: [3] },
    ];
    expect((await read(BY_LINK, answers)).asked).toEqual(['/vips?size=2', '/vips?token=b', '/vips?token=c']);
  });

  it.each([
    'https://evil.example/vips',
    'http://crm.example/vips',
    '//evil.example/',
    'https://crm.example:8443/',
  ])('are not followed to %s', async (next) => {
    await expect(read(BY_LINK, [{ ids: [1], next }])).rejects.toThrow(
      'sync.next leads to another host than https://crm.example; credentials stay with the configured one',
    );
  });

  it.each<[string, string, Json[], string]>([
    ['the same page', BY_PAGE, [2, 2], 'from page 2 back to page 2: 2'],
    ['the first page, which has no number', BY_PAGE, [2, 3, 1], 'from page 3 back to page 1: 1'],
    ['an earlier page', BY_PAGE, [2, 'x', 4, 'x'], 'from page 4 back to page 3: x'],
    ['the first address', BY_LINK, ['/b', '/c', BY_LINK], 'from page 3 back to page 1'],
    ['an earlier address', BY_LINK, ['/b', '?c', '/d', '/b'], 'from page 4 back to page 2: /b'],
    [
      'one with its parameters in another order',
      BY_LINK,
      ['?size=2&from=2', 'https://crm.example/vips?from=2&size=2#top'],
      'from page 2 back to page 2: https://crm.example/vips?from=2&size=2#top',
    ],
  ])('do not go round in circles: back to %s', async (_, url, links, message) => {
    const answers = (count: number) => ({ ids: [count], next: links[count - 1]! });
    await expect(read(url, answers)).rejects.toThrow(`mapping: sync.next leads ${message}`);
    expect(asked).toHaveLength(links.length);
  });

  it('do not go round in circles where the place stands in a body', async () => {
    const body = '{"after": {{ page | default: 0 }}}';
    const answers = (count: number) => ({ ids: [count], next: count % 3 });
    await expect(read('https://crm.example/vips', answers, { body })).rejects.toThrow(
      'leads from page 3 back to page 1: 0',
    );
    expect(asked).toEqual(['{"after": 0}', '{"after": 1}', '{"after": 2}']);
  });

  it('are named without what may be a secret or a number', async () => {
    const next = '/rest/s3cretOfAWebhook/v?token=abcdefgh&page=2&q=+358501231234';
    await expect(read(BY_LINK, (count) => ({ ids: [count], next }))).rejects.toThrow(
      /from page 2 back to page 2: \/rest\/…\/v\?token=…&page=2&q=…$/,
    );
  });

  it.each<[string, Answers]>([
    ['the same answer', () => ({ ids: [1] })],
    ['the same contacts', (count) => ({ ids: [1, 2], at: count })],
    ['two kinds of contacts in turn', (count) => ({ ids: [count % 2, 7], at: count })],
    ['the same contacts, none of them a VIP', () => ({ ids: [], all: [1, 2] })],
  ])(
    'end with a failure where the CRM takes no notice of the place and always gives %s',
    async (_, answers) => {
      await expect(read(BY_PAGE, answers, { next: ENDLESS })).rejects.toThrow(
        /^mapping: page [23] has the same content as an earlier page/,
      );
      expect(asked.length).toBeLessThan(4);
    },
  );

  it('may hold nothing, a hundred in a row, and one contact may come twice', async () => {
    const few = (count: number) => ({
      ids: count > 150 ? [count % 99 === 0 ? 1 : count, 'x'] : count % 99 === 0 ? [1] : [],
      at: count,
      ...(count < 200 && { next: count + 1 }),
    });
    expect((await read(BY_PAGE, few)).asked).toHaveLength(200);
    await expect(read(BY_PAGE, (count) => ({ ids: [], next: count + 1 }))).rejects.toThrow(
      'mapping: sync.next continues after 100 empty pages in a row',
    );
    expect(asked).toHaveLength(100);
  });

  it('that are paced more slowly than a page may take are read all the same', async () => {
    holdTimeouts();
    const pace = async (): Promise<void> => void jest.advanceTimersByTime(QUICK.pageLimitMs + 1);
    const answers = (count: number) => ({ ids: [count], next: count < 3 ? count + 1 : null });
    expect((await read(BY_PAGE, answers, { pace })).ids).toEqual([1, 2, 3]);
  });

  it('are limited, in pages and in contacts', async () => {
    const answers = (count: number) => ({ ids: [count, -count] });
    await expect(read(BY_PAGE, answers, { next: ENDLESS, limits: { pages: 5 } })).rejects.toThrow(
      'there are more than 5 pages',
    );
    await expect(read(BY_PAGE, answers, { next: ENDLESS, limits: { contacts: 5 } })).rejects.toThrow(
      'there are more than 5 contacts',
    );
  });

  it('are asked for again after a failure, twice', async () => {
    const failure = new VipLookupError('HTTP 500');
    expect((await read(BY_PAGE, [failure, failure, { ids: [1] }])).ids).toEqual([1]);
    await expect(read(BY_PAGE, [failure])).rejects.toThrow('HTTP 500');
  });

  it('wait while the CRM wants no questions, and that is no failure', async () => {
    const busy = new VipLookupBusyError('paused');
    const failure = new VipLookupError('HTTP 500');
    expect((await read(BY_PAGE, [failure, busy, failure, { ids: [1] }])).ids).toEqual([1]);
  });

  it('wait for a busy CRM as long where each question is paced more slowly than that', async () => {
    let aheadMs = 0;
    const now = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
    after.push(() => clock.mockRestore());
    const pace = async (): Promise<void> => void (aheadMs += 3_600_000);
    const busy = new VipLookupBusyError('paused');
    expect((await read(BY_PAGE, [busy, busy, { ids: [1] }], { pace })).ids).toEqual([1]);
  });

  it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    [
      'after a failure',
      (signal) => {
        const fail = () => Promise.reject(new VipLookupError('HTTP 500'));
        const reader = new PageReader(fail, PAGE_LIMITS, { ...QUICK, pageMs: [3_600_000] });
        const request = new PageRequest('sync.full', { url: BY_LINK });
        return reader.pages(request, undefined, STARTED, signal).next();
      },
    ],
    [
      'for the rate limit',
      async (signal) => {
        const pace = paceOf('1/h');
        await pace(signal);
        await pace(signal);
      },
    ],
  ])('keep the command line running while they wait %s, until they are given up', async (_, wait) => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const ending = new AbortController();
    const waiting = wait(ending.signal);
    await nextTurn();
    const during = timers();
    ending.abort();
    expect(timers()).toBe(during - 1);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('that report an error are no pages', async () => {
    await expect(read(BY_PAGE, [{ error: 'quota' }])).rejects.toThrow(
      'the answer reports an error (errorPath)',
    );
  });
});
