import { describe, expect, it } from '@jest/globals';
import { crmOptionProblems } from '../../../../test/support/crm-provider.js';
import { adviseSync } from './sync.options.js';

const HOST = 'https://crm.example';
const SYNC = {
  every: '15m',
  full: { url: `${HOST}/contacts?page={{ page | default: 1 }}` },
  records: 'contacts.{ "id": id, "number": phone, "tier": tier }',
};

const problemsOf = (sync: unknown): string[] =>
  crmOptionProblems({ url: `${HOST}/search?phone={{ number }}`, record: 'contacts', sync });

describe('the options of a synced copy', () => {
  it.each<[string, unknown]>([
    ['nothing, as where a preset could bring it', {}],
    ['all but every', { full: SYNC.full, records: SYNC.records, maxShrink: '20%' }],
    ['the least', SYNC],
    [
      'everything',
      {
        ...SYNC,
        changes: {
          url: `${HOST}/changes`,
          method: 'POST',
          body: '{"since": "{{ cursor }}", "offset": {{ page | default: 0 }}}',
          headers: { 'X-Since': '{{ cursor }}' },
        },
        next: 'next',
        cursor: 'token',
        deleted: 'deleted',
        maxShrink: '50%',
        fullEvery: '12h',
        live: false,
      },
    ],
    [
      'a first page without a page',
      { ...SYNC, full: { url: `${HOST}/contacts{% if page %}?page={{ page }}{% endif %}` } },
    ],
  ])('may be %s', (_, sync) => {
    expect(problemsOf(sync)).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    [
      'every alone',
      { every: '15m' },
      'sync.every: needs full and records beside it: the request that lists the VIPs, and what makes records of its answer. A preset may bring them; here none does.',
    ],
    ['a pull without a pause', { ...SYNC, every: '1s' }, 'sync.every: is too short. Write 10s or more.'],
    [
      'another host',
      { ...SYNC, full: { url: 'https://other.example/contacts' } },
      `sync: asks another host under full than url does. Ask ${HOST}: the credentials are sent there only.`,
    ],
    [
      'another port for changes',
      { ...SYNC, changes: { url: `${HOST}:8443/changes` } },
      `sync: asks another host under changes than url does. Ask ${HOST}: the credentials are sent there only.`,
    ],
    [
      'a cursor in full',
      { ...SYNC, full: { url: `${HOST}/contacts?since={{ cursor }}` } },
      'sync.full: names {{ cursor }}, which belongs to changes: a full pull begins anew.',
    ],
    [
      'a page that is not there',
      { ...SYNC, full: { url: `${HOST}/contacts?page={{ page }}` } },
      'sync.full: names {{ page }} where there is none yet, in the first request. Write {% if page %}…{% endif %} or {{ page | default: 1 }}.',
    ],
    [
      'a caller',
      { ...SYNC, full: { url: `${HOST}/contacts?phone={{ number }}` } },
      'sync.full.url: names "number", which is not known. Known: page, cursor.',
    ],
    [
      'a text that is not JSON',
      { ...SYNC, full: { url: `${HOST}/contacts`, method: 'POST', body: '{' } },
      'sync.full.body: is not JSON once it is filled in. Put placeholders in double quotes, for example {"phone": "{{ number }}"}, or write body as a map.',
    ],
    [
      'no expression',
      { ...SYNC, next: ' ' },
      'sync.next: must be a JSONata expression, for example paging.next.after.',
    ],
    [
      'a share beyond all',
      { ...SYNC, maxShrink: '101%' },
      'sync.maxShrink: is not a share. Write a whole number from 0 to 100 with a percent sign, for example 30%. Default: 30%.',
    ],
  ])('may not be %s', (_, sync, problem) => {
    expect(problemsOf(sync)).toEqual([problem]);
  });
});

describe('what is said of usable options', () => {
  const of = (options: object): string[] =>
    adviseSync(options).map(({ path, message }) => `${path.join('.')}: ${message}`);

  it('is nothing without a copy, or where errors and deletions are told', () => {
    const changes = { url: `${HOST}/changes` };
    expect(of({})).toEqual([]);
    expect(of({ sync: { ...SYNC, every: undefined } })).toEqual([]);
    expect(of({ errorPath: 'error', sync: SYNC })).toEqual([]);
    expect(of({ errorPath: 'error', sync: { ...SYNC, changes, deleted: 'deleted' } })).toEqual([]);
    expect(of({ errorPath: 'error', sync: { ...SYNC, changes, fullEvery: '6h' } })).toEqual([]);
  });

  it('names what no pull can notice', () => {
    expect(of({ sync: { ...SYNC, changes: { url: `${HOST}/changes` } } })).toEqual([
      'sync: has no errorPath beside it. A CRM that reports an error with HTTP status 200 may then end a pull early; errors under common names, and pages unlike those before, are noticed. Write for example errorPath: $not($exists(contacts)).',
      'sync.changes: has no deleted beside it. A contact that was deleted in the CRM stays a VIP until everything is pulled, every 24h unless fullEvery says otherwise. Write deleted, or fullEvery.',
    ]);
  });
});
