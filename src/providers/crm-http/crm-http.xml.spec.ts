import { afterAll, describe, expect, it } from '@jest/globals';
import { patient } from '../../../test/support/eventually.js';
import { Evaluator, LOOKUP_LIMITS } from './crm-http.evaluator.js';
import { readsXml, readXml, xmlFault } from './crm-http.xml.js';

const read = (text: string) => readXml(new TextEncoder().encode(text));

describe('an XML answer', () => {
  it('is elements that are lists, attributes and texts', () => {
    const document = read(
      '<?xml version="1.0"?>\n<!-- all --><contacts total="2"><contact id="1"><phone>+358 50</phone><phone><![CDATA[<1&2>]]></phone><tier/></contact>' +
        '<contact id="2">a<b> c </b>d &amp; &#228;</contact></contacts>\n',
    );
    expect(document).toEqual({
      contacts: [
        {
          '@total': '2',
          contact: [
            {
              '@id': '1',
              phone: [{ '#text': '+358 50' }, { '#text': '<1&2>' }],
              tier: [{ '#text': '' }],
            },
            { '@id': '2', '#text': 'ad & ä', b: [{ '#text': 'c' }] },
          ],
        },
      ],
    });
  });

  it('is named without the prefixes that servers choose, and known with them', () => {
    const document = read(
      '<s:a xmlns:s="urn:a" xmlns="urn:b" s:id="7"><b>1</b><x:b xmlns:x="urn:x">2</x:b></s:a>',
    );
    const a = { '@id': '7', b: [{ '#text': '1' }, { '#text': '2' }] };
    expect(document).toEqual({ a: [a] });
    expect(document).toHaveProperty(['s:a', '0', '@s:id'], '7');
    expect(document).toHaveProperty(['s:a', '0', 'x:b', '0', '#text'], '2');
  });

  it('may have any names', () => {
    const document = read('<a><__proto__ constructor="1"/><constructor/></a>')!;
    const [a] = document['a'] as [Record<string, unknown>];
    expect(Object.keys(a)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(a)).toBe(Object.prototype);
  });

  it.each([
    ['<a>', 'it is not well-formed'],
    ['<a></b>', 'it is not well-formed'],
    ['<a/><b/>', 'it is not well-formed'],
    ['<a/>text', 'it is not well-formed'],
    ['<!-- only a comment -->', 'it is not well-formed'],
    ['<a>&nbsp;</a>', 'it is not well-formed'],
    ['<a b=c/>', 'it is not well-formed'],
    [
      '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
      'it has a document type (<!DOCTYPE …>), which is not read',
    ],
    [`${'<a>'.repeat(65)}${'</a>'.repeat(65)}`, 'its elements are nested deeper than 64'],
    [`<a>${'<b c=""/>'.repeat(50_001)}</a>`, 'it has more than 100000 elements and attributes'],
  ])('is refused as %.60s', (text, reason) => {
    expect(() => read(text)).toThrow(reason);
  });

  it.each([
    '',
    '{}',
    ' []',
    'text',
    '<!doctype html><title>Sign in</title>',
    '<HTML><body/></HTML>',
    '<div>x</div>',
  ])('is none: %s', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is UTF-8 if it can be, else as it declares', () => {
    const latin1 = (text: string) => readXml(Buffer.from(text, 'latin1'));
    expect(latin1('<?xml version="1.0" encoding="ISO-8859-1"?><a>Mäki</a>')).toEqual({
      a: [{ '#text': 'Mäki' }],
    });
    expect(read('<?xml version="1.0" encoding="ISO-8859-1"?><a>Mäki</a>')).toEqual({
      a: [{ '#text': 'Mäki' }],
    });
    expect(readXml(Buffer.from('\ufeff<a>Mäki</a>', 'utf16le'))).toEqual({ a: [{ '#text': 'Mäki' }] });
    expect(read('\ufeff<a/>')).toEqual({ a: [{ '#text': '' }] });
    expect(() => latin1('<?xml version="1.0" encoding="UTF-8"?><a>Mäki</a>')).toThrow(
      'encoding that it declares',
    );
    expect(latin1('<a>Mäki</a>')).toBeUndefined();
  });

  it('may be an error by its own words', () => {
    const soap = (body: string) =>
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`;
    expect(xmlFault(read(soap('<s:Fault><faultcode>s:Client</faultcode></s:Fault>'))!)).toBe('SOAP Fault');
    expect(xmlFault(read('<Error><Code>AccessDenied</Code></Error>')!)).toBe('its element is Error');
    expect(xmlFault(read(soap('<FindResponse/>'))!)).toBeUndefined();
    expect(xmlFault(read('<contacts><error/></contacts>')!)).toBeUndefined();
  });

  it('is expected by expressions that name a text or an attribute', () => {
    expect(readsXml('a.b.`#text`')).toBe(true);
    expect(readsXml('$lookup(a, "@id")')).toBe(true);
    expect(readsXml('contacts.{ "mail": "a@b.example", "next": `@odata.nextLink` }')).toBe(false);
  });
});

describe('the process that reads XML answers', () => {
  const open: Evaluator[] = [];
  afterAll(() => open.forEach((evaluator) => evaluator.close()));

  async function outcome(record: string, answer: string, options = ['record']): Promise<unknown> {
    const evaluator = new Evaluator({ record, limitReached: 'Error.Code.`#text` = "Slow"' }, 2 ** 20);
    open.push(evaluator);
    const body = new TextEncoder().encode(answer);
    return evaluator.evaluate(body, options, {}, LOOKUP_LIMITS, patient()).then(
      ({ values }) => values,
      (error: Error) => error.message,
    );
  }

  const XML_RECORD =
    'contacts.contact.{ "number": phone.`#text`, "tier": tier.`#text`, "attributes": { "id": `@id` } }';

  it('evaluates the same expressions on them', async () => {
    const answer =
      '<contacts><contact id="7"><phone>050</phone><phone>09</phone><tier>gold</tier></contact></contacts>';
    expect(await outcome(XML_RECORD, answer)).toEqual({
      record: { number: ['050', '09'], tier: 'gold', attributes: { id: '7' } },
    });
    expect(await outcome(XML_RECORD, '<contacts/>')).toEqual({});
  });

  it('says why one cannot be read, without a part of it', async () => {
    expect(await outcome(XML_RECORD, '<!DOCTYPE a [<!ENTITY e "secret">]><contacts>&e;</contacts>')).toBe(
      'the answer is XML that cannot be read: it has a document type (<!DOCTYPE …>), which is not read',
    );
    expect(await outcome(XML_RECORD, '<Error><Code>secret</Code></Error>')).toBe(
      'the answer reports an error (its element is Error)',
    );
    expect(await outcome(XML_RECORD, '<html><body/></html>')).toBe('answer is not JSON');
  });

  it('asks an unsuccessful one for its limit only', async () => {
    const limit = ['limitReached'];
    expect(await outcome('x', '<Error><Code>Slow</Code></Error>', limit)).toEqual({ limitReached: true });
    expect(await outcome('x', '<Error><Code>Other</Code></Error>', limit)).toEqual({ limitReached: false });
    expect(await outcome('x', '<Error>', limit)).toBe('answer is not JSON');
  });

  it('takes none for a provider whose expressions cannot read it', async () => {
    const evaluator = new Evaluator({ record: 'contacts.{ "tier": tier }' }, 2 ** 20);
    open.push(evaluator);
    const body = new TextEncoder().encode('<contacts/>');
    await expect(evaluator.evaluate(body, ['record'], {}, LOOKUP_LIMITS, patient())).rejects.toThrow(
      'answer is not JSON',
    );
  });
});
