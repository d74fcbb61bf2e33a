import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { crmOptionProblems, crmProvider, lookUp } from '../../../test/support/crm-provider.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import { describeWithCrm, UNKNOWN } from '../../../test/support/describe-with-crm.js';
import { VipLookupError } from '../../plugin-api/index.js';
import { plainToInstance } from 'class-transformer';
import { providerContext } from '../../plugin-api/testing/index.js';
import { CrmHttpOptions } from './crm-http.options.js';
import { CrmHttpProvider } from './crm-http.provider.js';
import { RequestTemplate } from './crm-http.request.js';

const scopeOf = (number: string) => ({
  number,
  numbers: [number],
  caller: { text: number, e164: '+358501231234' },
});
const template = (options: Partial<CrmHttpOptions>) =>
  new RequestTemplate({ url: 'https://crm.example/find', record: '$', ...options }, () => undefined);
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');
/** Any text, whole UTF-16 code units included, with what means something in URLs, JSON and headers in it. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(...'"\\/.?#&+%\r\n\0{}\ud800ä'),
  }),
);

/** What means something in paths. */
const pathText = fc
  .array(
    fc.constantFrom('.', '..', '/', '\\', '%2e', '%2E', '%2f', '%5C', '%25', ';', '?', '#', 'admin', '1'),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));

function decodedOnce(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

describe('what a caller is called', () => {
  it('comes out of a query as it went in, and never changes the host or another parameter', () => {
    const search = template({ url: 'https://crm.example/find?a=1&phone={{ number }}&z={{ caller.text }}' });
    fc.assert(
      fc.property(anyText, (text) => {
        const request = search.fill(scopeOf(text))!;
        expect(request.origin).toBe('https://crm.example');
        const url = new URL(request.path, request.origin);
        expect(url.pathname).toBe('/find');
        expect([...url.searchParams]).toEqual([
          ['a', '1'],
          ['phone', wellFormed(text)],
          ['z', wellFormed(text)],
        ]);
      }),
    );
  });

  it('stays one segment of a path, or is not asked for', () => {
    const byPath = template({ url: 'https://crm.example/contacts/{{ number }}/card' });
    const isRefused = (text: string) => /[/\\%?#]|^\.{1,2}(?:;|$)/.test(text);
    fc.assert(
      fc.property(fc.oneof(anyText, pathText), (text) => {
        const request = byPath.fill(scopeOf(text));
        if (isRefused(text)) return expect(request).toBeUndefined();
        const segments = new URL(request!.path, request!.origin).pathname.split('/');
        expect([segments.length, segments[1], segments[3]]).toEqual([4, 'contacts', 'card']);
        expect(decodeURIComponent(segments[2]!)).toBe(wellFormed(text));
      }),
    );
  });

  it.each([
    '..',
    '.',
    '../../admin',
    '..\\..\\admin',
    '/etc',
    'a/b',
    '..%2F..%2Fadmin',
    '%2e%2e',
    '%2E.%5Cadmin',
    '..%252fadmin',
    '..%c0%afadmin',
    '..;',
    '..;jsessionid=1',
    '1?admin=1',
    '1#',
    '?',
    '1%3Fadmin=1',
    '1%2523',
  ])('%s leads out of no path', (text) => {
    const told = jest.fn();
    const options = { url: 'https://crm.example/contacts/{{ number }}/card', record: '$' };
    expect(new RequestTemplate(options, told).fill(scopeOf(text))).toBeUndefined();
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('that leads out of a path is not looked up, and told once, without the text', async () => {
    const options = { url: 'http://127.0.0.1:9/contacts/{{ number }}', record: '$', spellings: ['text'] };
    const context = providerContext(plainToInstance(CrmHttpOptions, options));
    const provider = new CrmHttpProvider(context);
    for (const number of ['../../admin', '..\\x']) expect(await lookUp(provider, number)).toBeNull();
    await provider.close();
    expect(context.logged).toEqual([
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('would leave the path of url'),
      }),
    ]);
    expect(JSON.stringify(context.logged)).not.toContain('admin');
  });

  it('does not leave a path whose dots stand partly in the template', () => {
    const halves = template({ url: 'https://crm.example/contacts/.{{ number }}/%2e{{ number }}' });
    expect(halves.fill(scopeOf('.'))).toBeUndefined();
    expect(halves.fill(scopeOf('1'))!.path).toBe('/contacts/.1/%2e1');
  });

  it('reaches no other resource, however often proxies decode the path and tidy it up', () => {
    const byPath = template({ url: 'https://crm.example/v1/members/{{ number }}/profile' });
    fc.assert(
      fc.property(pathText, (text) => {
        const request = byPath.fill(scopeOf(text));
        if (request === undefined) return;
        for (let path = request.path, times = 0; times < 4; times++, path = decodedOnce(path)) {
          const tidy = new URL(path.replaceAll(/;[^/]*/g, ''), request.origin).pathname;
          expect(tidy).toMatch(/^\/v1\/members\/[^/]*\/profile$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('may have a slash or a question mark where no path is: in a query, and the path may have an encoded one of its own', () => {
    const search = template({ url: 'https://crm.example/group%2Fcrm/find?q={{ number }}&r=1#{{ number }}' });
    expect(search.fill(scopeOf('030/123 456%'))!.path).toBe('/group%2Fcrm/find?q=030%2F123%20456%25&r=1');
    expect(search.fill(scopeOf('1?a=2#b'))!.path).toBe('/group%2Fcrm/find?q=1%3Fa%3D2%23b&r=1');
  });

  it('is not limited where it is the name of a page, which the CRM itself gave', () => {
    const pages = new RequestTemplate({ url: 'https://crm.example/pages/{{ page }}/{{ cursor }}' });
    expect(pages.fill({ page: 'a/b?c#d', cursor: '1%' })!.path).toBe('/pages/a%2Fb%3Fc%23d/1%25');
  });

  it('comes out of a JSON body as it went in, whether the body is a text or a map', () => {
    const bodies = ['{"filters":[{"value":"{{ number }}"}]}', { filters: [{ value: '{{ number }}' }] }];
    for (const body of bodies) {
      const search = template({ method: 'POST', body });
      fc.assert(
        fc.property(anyText, (text) => {
          expect(JSON.parse(search.fill(scopeOf(text))!.body!)).toEqual({ filters: [{ value: text }] });
        }),
      );
    }
  });

  it('stands in a header as it is, or is not asked for', () => {
    const byHeader = template({ headers: { 'X-Phone': 'tel {{ number }}' } });
    fc.assert(
      fc.property(anyText, (text) => {
        const request = byHeader.fill(scopeOf(text));
        const fits = /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
        expect(request?.headers['x-phone']).toBe(fits ? `tel ${text}` : undefined);
      }),
    );
  });

  it('is never a template itself', () => {
    const search = template({ method: 'POST', body: { phone: '{{ number }}' } });
    expect(search.fill(scopeOf('{{ caller.e164 }}{% raw %}'))!.body).toBe(
      '{"phone":"{{ caller.e164 }}{% raw %}"}',
    );
  });
});

describe('templates', () => {
  it.each([
    ['{{ number | remove: "+" }}', '358501231234'],
    ['{{ number | slice: 1, 3 }}', '358'],
    ['{{ caller.national | default: number }}', '%2B358501231234'],
    ['{% if caller.national %}n{% else %}i{% endif %}', 'i'],
    ['{% assign last = number | slice: -4, 4 %}{{ last }}', '1234'],
    ['{% raw %}{{ x }}{% endraw %}', '{{%20x%20}}'],
  ])('%s gives %s', (text, written) => {
    const request = template({ url: `https://crm.example/?q=${text}` }).fill(scopeOf('+358501231234'));
    expect(request?.path).toBe(`/?q=${written}`);
  });

  it.each([
    [
      '{% for n in numbers %}{% unless forloop.first %}%20or%20{% endunless %}p={{ n }}{% endfor %}',
      'p=%2B1%20or%20p=0%202',
    ],
    ['{% for n in numbers reversed %}{{ n }}{% if forloop.last %}!{% endif %}{% endfor %}', '0%202%2B1!'],
    ['{{ numbers | join: "," }}', '%2B1%2C0%202'],
    ['{% for n in numbers %}{% if n contains " " %}{% continue %}{% endif %}{{ n }}{% endfor %}', '%2B1'],
  ])('write every spelling with %s', (text, written) => {
    const search = template({ url: `https://crm.example/?q=${text}` });
    expect([search.uses('numbers'), search.uses('number')]).toEqual([true, false]);
    expect(search.fill({ number: '+1', numbers: ['+1', '0 2'], caller: {} })?.path).toBe(`/?q=${written}`);
  });

  it('write every spelling into a JSON text, escaped', () => {
    const comma = '{% unless forloop.last %},{% endunless %}';
    const body = `{"or": [{% for n in numbers %}{"phone": "{{ n }}"}${comma}{% endfor %}]}`;
    expect(crmOptionProblems({ url: 'https://crm.example/', record: '$', method: 'POST', body })).toEqual([]);
    const numbers = ['+1', '"},{"a":"b', '\\'];
    const request = template({ method: 'POST', body }).fill({ number: '+1', numbers, caller: {} });
    expect(JSON.parse(request!.body!)).toEqual({ or: numbers.map((phone) => ({ phone })) });
  });

  it('that take too much are a failure that does not quote them', () => {
    const doubling = '{% assign x = x | append: x %}'.repeat(20);
    const greedy = template({
      url: `https://crm.example/?key=s3cret&q={% assign x = number %}${doubling}{{ x }}`,
    });
    expect(() => greedy.fill(scopeOf('+358501231234'))).toThrow(
      new VipLookupError('a template could not be filled in within its limits of time and memory'),
    );
  });

  it('know every spelling', async () => {
    const crm = await startCrmServer();
    const provider = crmProvider({
      url: `${crm.url}/contacts?phone=1`,
      method: 'POST',
      body: [
        '{{ number }}',
        '{{ caller.e164 }}',
        '{{ caller.digits }}',
        '{{ caller.national }}',
        '{{ caller.significant }}',
        '{{ caller.idd }}',
        '{{ caller.international }}',
        '{{ caller.local }}',
        '{{ caller.tel }}',
        '{{ caller.text }}',
      ],
      spellings: ['tel'],
      record: '$.contacts',
    });
    await lookUp(provider, '050 123 1234');
    await provider.close();
    await crm.stop();
    expect(JSON.parse(crm.requests[0]!.body)).toEqual([
      'tel:+358501231234',
      '+358501231234',
      '358501231234',
      '0501231234',
      '501231234',
      '00358501231234',
      '+358 50 1231234',
      '050 1231234',
      'tel:+358501231234',
      '050 123 1234',
    ]);
  });

  it('leave everything in a body that is not text as it is, and the names of properties', () => {
    const body = { '{{ number }}': 1, list: [true, null, 2.5, { deep: 'x{{ number }}' }] };
    expect(JSON.parse(template({ method: 'POST', body }).fill(scopeOf('7'))!.body!)).toEqual({
      '{{ number }}': 1,
      list: [true, null, 2.5, { deep: 'x7' }],
    });
  });
});

describeWithCrm('headers and bodies', (trial) => {
  it('are sent as configured, in place of the own ones of the same name', async () => {
    const provider = trial.provide({
      url: `${trial.crm.url}/search`,
      method: 'POST',
      headers: {
        Accept: 'application/vnd.acme+json',
        'Content-Type': 'application/vnd.acme+json',
        'X-For': 'k{{ caller.digits }}',
      },
      body: { phone: '{{ number }}' },
    });
    expect(await lookUp(provider, UNKNOWN)).toBeNull();
    expect(trial.crm.requests).toMatchObject([
      {
        method: 'POST',
        url: '/search',
        body: '{"phone":"+358509999999"}',
        headers: {
          accept: 'application/vnd.acme+json',
          'content-type': 'application/vnd.acme+json',
          'content-length': '25',
          'x-for': 'k358509999999',
        },
      },
    ]);
  });
});
