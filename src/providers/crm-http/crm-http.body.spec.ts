import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crmOptionProblems, lookUp } from '../../../test/support/crm-provider.js';
import { AINO, describeWithCrm, outcomeOf, UNKNOWN } from '../../../test/support/describe-with-crm.js';
import type { CrmHttpOptions } from './crm-http.options.js';
import { RequestTemplate } from './crm-http.request.js';
import { parseXml } from './crm-http.xml.js';

const GOOD = { url: 'https://crm.example/find', method: 'POST', record: 'contacts' } as const;
const fill = (options: Partial<CrmHttpOptions>, number: string) =>
  new RequestTemplate({ ...GOOD, ...options }).fill({
    number,
    numbers: [number, '1'],
    caller: { text: number },
  });
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'<>&"\'=+%; \t\r\n]]>{}ä') }),
);
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');

describe('a form', () => {
  it('holds any text of a caller as one value, written as a map or as a text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const body of [
          { a: 1, phone: '{{ number }}', z: ['x', true] },
          'a=1&phone={{ number }}&z=x&z=true',
        ]) {
          const sent = fill({ bodyType: 'form', body }, text)!;
          expect(sent.headers['content-type']).toBe('application/x-www-form-urlencoded');
          expect([...new URLSearchParams(sent.body)]).toEqual([
            ['a', '1'],
            ['phone', wellFormed(text)],
            ['z', 'x'],
            ['z', 'true'],
          ]);
        }
      }),
    );
  });

  it('writes a plus sign and a blank as forms do', () => {
    expect(fill({ bodyType: 'form', body: 'q={{ number }}' }, '+358 50')!.body).toBe('q=%2B358+50');
    expect(fill({ bodyType: 'form', body: { q: '{{ number }}' } }, '+358 50')!.body).toBe('q=%2B358+50');
  });
});

describe('an XML body', () => {
  const body = '\n<find by="{{ number }}"><phone>{{ number }}</phone></find>\n';

  it('holds any text of a caller as one text and one attribute, or is not sent', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const sent = fill({ bodyType: 'xml', body }, text);
        const isPossible = !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u.test(text);
        if (!isPossible) return expect(sent).toBeUndefined();
        expect(parseXml(sent!.body!)).toEqual({
          find: [{ '@by': text, phone: [{ '#text': text.trim() }] }],
        });
      }),
    );
  });

  it('is sent as XML that asks for XML, unless headers say otherwise', () => {
    expect(fill({ bodyType: 'xml', body }, '1')!.headers).toMatchObject({
      'content-type': 'application/xml; charset=utf-8',
      accept: expect.stringMatching(/^application\/xml, text\/xml/),
    });
    const headers = {
      'Content-Type': 'text/xml; charset=utf-8',
      SOAPAction: '"urn:find"',
      Accept: 'text/xml',
    };
    expect(fill({ bodyType: 'xml', body, headers }, '1')!.headers).toMatchObject({
      'content-type': 'text/xml; charset=utf-8',
      soapaction: '"urn:find"',
      accept: 'text/xml',
    });
  });
});

describe('the options of a body', () => {
  it.each([
    {
      bodyType: 'form',
      body: { phone: '{{ number }}', limit: 10, all: true, in: ['a', '{{ caller.national }}'] },
    },
    { bodyType: 'form', body: '{% for n in numbers %}phone={{ n }}&{% endfor %}limit=10' },
    {
      bodyType: 'xml',
      body: '<?xml version="1.0"?>\n<a>{% for n in numbers %}<b>{{ n }}</b>{% endfor %}</a>',
    },
    { bodyType: 'xml', body: "<a b='{{ number }}'/>", headers: { 'content-type': 'application/soap+xml' } },
    { bodyType: 'json', body: { phone: '{{ number }}' } },
    { bodyType: null, body: null },
  ])('are good as %j', (options) => {
    expect(crmOptionProblems({ ...GOOD, ...options })).toEqual([]);
  });

  it.each([
    [
      { bodyType: 'yaml', body: { a: 'b' } },
      'bodyType: is not a type of body. Write json, form or xml. Default: json.',
    ],
    [{ bodyType: 'form' }, 'bodyType: needs body beside it. Write body, or remove it.'],
    [
      { bodyType: 'form', body: { filter: { phone: '{{ number }}' } } },
      'body: at filter: must be a map of names and texts for bodyType form, for example { phone: "{{ number }}" }, or a text such as phone={{ number }}&limit=10.',
    ],
    [
      { bodyType: 'form', body: ['{{ number }}'] },
      'body: must be a map of names and texts for bodyType form, for example { phone: "{{ number }}" }, or a text such as phone={{ number }}&limit=10.',
    ],
    [
      { bodyType: 'form', body: 'phone={{ number }}\nlimit=1' },
      'body: has a blank or a line end in it. Write + for a blank, or write body as a map.',
    ],
    [
      { bodyType: 'xml', body: { a: '{{ number }}' } },
      'body: must be a text for bodyType xml, a template of the document, for example <find><phone>{{ number }}</phone></find>.',
    ],
    ...[
      '<a>{{ number }}',
      '<{{ number }}/>',
      '<a {{ number }}="1"/>',
      '<a b={{ number }}/>',
      '<!DOCTYPE a><a>{{ number }}</a>',
      'phone={{ number }}',
    ].map(
      (body) =>
        [
          { bodyType: 'xml', body },
          'body: is not well-formed XML once it is filled in. Put placeholders into the text of an element or into a quoted attribute, close each element, and write no <!DOCTYPE>.',
        ] as const,
    ),
    [
      { bodyType: 'form', body: 'a={{ number }}', headers: { 'Content-Type': 'application/json' } },
      'headers: Content-Type must be a type such as application/x-www-form-urlencoded, because body is sent as form. Change it, or bodyType.',
    ],
    [
      { bodyType: 'xml', body: '<a/>', headers: { 'Content-Type': 'application/json' } },
      'headers: Content-Type must be a type such as application/xml; charset=utf-8, because body is sent as xml. Change it, or bodyType.',
    ],
  ])('are refused as %j', (options, problem) => {
    expect(crmOptionProblems({ ...GOOD, ...options })).toEqual([problem]);
  });
});

describeWithCrm('a SOAP service', (trial) => {
  const soap = (body: string) =>
    `<?xml version="1.0" encoding="utf-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${body}</S:Body></S:Envelope>`;
  const options = {
    method: 'POST',
    bodyType: 'xml',
    headers: { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: '"urn:crm/Find"' },
    body: '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Find xmlns="urn:crm"><Phone>{{ number }}</Phone></Find></e:Body></e:Envelope>',
    record:
      'Envelope.Body.FindResponse.Contact.{ "number": Phone.`#text`, "tier": Tier.`#text`, "name": Name.`#text` }',
    errorPath: '$not($exists(Envelope.Body.FindResponse))',
  };

  it('is asked in XML, and its answer is read with the same expressions', async () => {
    trial.crm.answer = ({ body, headers }) => {
      const [phone] = /(?<=<Phone>).*(?=<\/Phone>)/.exec(body) ?? [];
      const contact = `<Contact><Phone>${AINO}</Phone><Phone>09 123</Phone><Tier>gold</Tier><Name>Aino &amp; Co</Name></Contact>`;
      const isSoap =
        headers['soapaction'] === '"urn:crm/Find"' && headers['content-type'] === 'text/xml; charset=utf-8';
      return {
        status: isSoap ? 200 : 415,
        headers: { 'content-type': 'text/xml' },
        body: soap(`<n:FindResponse xmlns:n="urn:crm">${phone === AINO ? contact : ''}</n:FindResponse>`),
      };
    };
    const provider = trial.provide({ ...options, url: `${trial.crm.url}/soap` });
    expect(await lookUp(provider, AINO)).toMatchObject([{ number: AINO, tier: 'gold', name: 'Aino & Co' }]);
    expect(await lookUp(provider, UNKNOWN)).toBeNull();
  });

  it.each([
    [
      200,
      soap('<S:Fault><faultcode>S:Client</faultcode></S:Fault>'),
      'the answer reports an error (SOAP Fault)',
    ],
    [500, soap('<S:Fault><faultcode>S:Server</faultcode></S:Fault>'), 'HTTP 500'],
    [200, soap('<Other/>'), 'the answer reports an error (errorPath)'],
    [
      200,
      '<html><body>Sign in</body></html>',
      'answer is not JSON (content-type text/xml); to read XML, take its texts in record as `#text`',
    ],
    [200, '<a', 'the answer is XML that cannot be read: it is not well-formed'],
  ])('fails with HTTP %i and %.60s', async (status, body, message) => {
    trial.crm.answer = () => ({ status, headers: { 'content-type': 'text/xml' }, body });
    expect(await outcomeOf(trial.provide({ ...options, url: `${trial.crm.url}/soap` }))).toBe(message);
  });

  it('may be a REST service, asked by GET', async () => {
    trial.crm.answer = () => ({
      headers: { 'content-type': 'application/xml' },
      body: `<list><person tier="gold"><tel>${AINO}</tel></person></list>`,
    });
    const record = 'list.person.{ "number": tel.`#text`, "tier": `@tier` }';
    expect(await outcomeOf(trial.provide({ record }))).toBe('gold');
    expect(await outcomeOf(trial.provide({ record: 'list.person.{ "tier": "gold" }' }))).toBe(
      'answer is not JSON (content-type application/xml); to read XML, take its texts in record as `#text`',
    );
  });
});
