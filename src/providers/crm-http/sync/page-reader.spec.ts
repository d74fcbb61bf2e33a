import { describe, expect, it } from '@jest/globals';
import { QUICK } from '../../../../test/support/crm-provider.js';
import type { Json } from '../../../plugin-api/index.js';
import { VipLookupBusyError, VipLookupError } from '../../../plugin-api/index.js';
import { RequestTemplate } from '../crm-http.request.js';
import { PageExpressions } from './page-expressions.js';
import { PAGE_LIMITS, PageReader, PageRequest } from './page-reader.js';
import type { PageLimits } from './page-reader.js';

const STARTED = '2026-01-01T00:00:00.000Z';
const NEVER = new AbortController().signal;

/** Reads a CRM's pages: answers by path, or what is thrown, one after the other. */
async function read(
  url: string,
  answers: readonly (Json | Error)[],
  { limits = {}, next = 'next' }: { limits?: Partial<PageLimits>; next?: string } = {},
): Promise<{ ids: Json[]; asked: string[] }> {
  const asked: string[] = [];
  const left = [...answers];
  const reader = new PageReader(
    async ({ path }) => {
      asked.push(path);
      const answer = left.length > 1 ? left.shift()! : left[0]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    new PageExpressions({ records: 'ids', next, cursor: 'token' }, 'error'),
    { ...PAGE_LIMITS, ...limits },
    { ...QUICK, pageMs: [1, 1], busyMs: 1 },
  );
  const template = new RequestTemplate({ url });
  const request = new PageRequest('sync.full', template, template.uses('page'));
  const ids: Json[] = [];
  for await (const page of reader.pages(request, undefined, STARTED, NEVER)) ids.push(...page.entries);
  return { ids, asked };
}

const BY_PAGE = 'https://crm.example/vips?page={{ page | default: 1 }}';
const BY_LINK = 'https://crm.example/vips?size=2';

describe('the pages of a pull', () => {
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

  it('do not go round in circles', async () => {
    await expect(read(BY_PAGE, [{ ids: [1], next: 2 }])).rejects.toThrow('again and again');
  });

  it('are limited, in pages and in contacts', async () => {
    const endless = '($page ? $page : 1) + 1';
    await expect(read(BY_PAGE, [{ ids: [1] }], { next: endless, limits: { pages: 5 } })).rejects.toThrow(
      'there are more than 5 pages',
    );
    await expect(
      read(BY_PAGE, [{ ids: [1, 2] }], { next: endless, limits: { contacts: 5 } }),
    ).rejects.toThrow('there are more than 5 contacts');
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

  it('that report an error are no pages', async () => {
    await expect(read(BY_PAGE, [{ error: 'quota' }])).rejects.toThrow(
      'the answer reports an error (errorPath)',
    );
  });
});
