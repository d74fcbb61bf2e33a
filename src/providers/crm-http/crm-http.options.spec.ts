import { describe, expect, it } from '@jest/globals';
import { crmOptionProblems } from '../../../test/support/crm-provider.js';

const GOOD = { url: 'https://crm.example/contacts?phone={{ number }}', record: 'contacts' };
const EXAMPLE = 'for example https://crm.example/contacts?phone={{ number }}.';
const VARIABLES =
  'Known: number, numbers, caller.e164, caller.digits, caller.national, caller.significant, caller.idd, caller.international, caller.local, caller.tel, caller.text.';
const FILTERS =
  'Filters: append, default, downcase, first, join, last, lstrip, prepend, remove, remove_first, remove_last, replace, replace_first, replace_last, rstrip, size, slice, split, strip, upcase.';
const SPELLINGS =
  'spellings: must be a list of spellings, tried in order, for example [e164, national]. Known: e164, digits, national, significant, idd, international, local, tel, text, or a pattern such as (###) ###-####. Default: [e164].';
const AUTH_TYPE =
  'auth.type: is not a kind of auth. Write none, basic, bearer, header, session, oauth2-client-credentials, oauth2-refresh-token, oauth2-jwt-bearer, oauth2-password. Default: none.';
const EXPRESSION = 'Write for example contacts.{ "tier": level, "name": name }.';

describe('the options of crm-http', () => {
  it.each([
    {},
    {
      method: 'GET',
      spellings: ['e164', 'national', 'text', '(###) ###-####'],
      tierOrder: ['platinum', 'gold'],
      trustAnswer: false,
      maxResponseSize: '256KiB',
      probe: '+12025550123',
    },
    {
      method: 'POST',
      headers: { 'Content-Type': 'application/vnd.api+json' },
      body: '{"phone": "{{ number }}"}',
    },
    { method: 'POST', body: [{ phone: '{{ caller.national | default: number }}' }] },
    {
      auth: { type: 'none' },
      notFound: { status: [404, 204, 410] },
      errorPath: 'errors',
      maxResponseSize: 65536,
    },
    { auth: { type: 'basic', username: 'käyttäjä', password: '' } },
    { auth: null, headers: null, body: null, spellings: null, notFound: null, errorPath: null, probe: null },
    { url: 'http://[::1]:8080/?x=%2B{{ caller.digits }}' },
    { url: '  https://crm.example  ' },
  ])('are well as %j', (more) => {
    expect(crmOptionProblems({ ...GOOD, ...more })).toEqual([]);
  });

  it('are all reported at once', () => {
    expect(crmOptionProblems({ method: 'PUT', auth: {}, spellings: [] })).toEqual([
      AUTH_TYPE,
      SPELLINGS,
      `record: is missing. Write a JSONata expression that makes a record of an answer, ${EXPRESSION.replace('Write ', '')}`,
      `url: is missing. Write the address that finds a contact, ${EXAMPLE}`,
      'method: is not a method for a lookup. Write GET or POST. Default: GET.',
    ]);
  });

  it.each([
    ['crm.example/contacts', `must begin with https:// or http://, ${EXAMPLE}`],
    ['ftp://crm.example/', `must begin with https:// or http://, ${EXAMPLE}`],
    [
      'https://{{ number }}.crm.example/',
      'has a template in its host. Write the host out: a caller must not choose where the credentials go.',
    ],
    [
      'https://crm.example{{ number }}/',
      'has a template in its host. Write the host out: a caller must not choose where the credentials go.',
    ],
    [
      'https://user:secret@crm.example/',
      'has a user name or password before the host. Write them under auth.',
    ],
    ['https://crm.example:99999/', `has no host that could be asked. Write ${EXAMPLE}`],
    ['https:///contacts', `has no host that could be asked. Write ${EXAMPLE}`],
    ['https://crm.example/a b', 'has a space or line end in it. Write %20 for a space.'],
    [
      'https://crm.example/a b?phone={{ number',
      'is not a usable template (line 1 of the text, column 31). Write for example {{ number }} or {{ caller.national }}.',
    ],
    [
      'https://crm.example/#/{{ number }}',
      'has a # in it, and what follows is never sent. Write %23, or remove it.',
    ],
    [
      'https://crm.example/?phone=+{{ caller.digits }}',
      'has a + in its query, which servers read as a space. Write %2B for a plus sign, %20 for a space.',
    ],
    ['https://crm.example/?phone={{ nummer }}', `names "nummer", which is not known. ${VARIABLES}`],
    [
      'https://crm.example/?phone={{ caller.natoinal }}',
      `names "caller.natoinal", which is not known. ${VARIABLES}`,
    ],
    ['https://crm.example/?phone={{ caller }}', `names "caller", which is not known. ${VARIABLES}`],
    ['https://crm.example/?phone={{ caller[number] }}', `names a variable, which is not known. ${VARIABLES}`],
    [
      'https://crm.example/?phone={{ number | url_encode }}',
      `uses the filter "url_encode", which is not available; values are encoded for their place automatically. ${FILTERS}`,
    ],
    [
      'https://crm.example/?phone={{ number | raw }}',
      `uses the filter "raw", which is not available; values are encoded for their place automatically. ${FILTERS}`,
    ],
    [
      'https://crm.example/?x={%render"passwd"%}',
      'uses the tag "render", which is not available. Tags: assign, break, case, comment, continue, for, if, raw, unless.',
    ],
    [
      'https://crm.example/?key=s3cret&phone={{number&x=s3cret',
      'is not a usable template (line 1 of the text, column 39). Write for example {{ number }} or {{ caller.national }}.',
    ],
    [`https://crm.example/${'x'.repeat(10_000)}`, 'is longer than 10000 characters.'],
    [5, `is missing. Write the address that finds a contact, ${EXAMPLE}`],
  ])('refuse the url %p', (url, message) => {
    expect(crmOptionProblems({ ...GOOD, url })).toEqual([`url: ${message}`]);
  });

  it.each([
    ['X-Workspace: main', 'must be a map of names and texts, for example { X-Workspace: main }.'],
    [['a'], 'must be a map of names and texts, for example { X-Workspace: main }.'],
    [
      {
        'X Y': 'a',
        Authorization: 'Bearer s3cret',
        Host: 'b',
        'X-Version': 2,
        'X-Ok': 'ok',
        'X-Line': 'a\r\nb: c',
      },
      [
        'X Y is not a header name; use letters, digits and hyphens.',
        'Authorization is written under auth, for example auth: { type: header, name: Authorization, value: … }.',
        'Host is set by the connection. Remove it.',
        'X-Version must be text; put it in quotes.',
        'X-Line has a line end or a character beyond Latin-1, which no header can carry.',
      ].join(' '),
    ],
    [{ 'X-Phone': '{{ nummer }}' }, `X-Phone names "nummer", which is not known. ${VARIABLES}`],
  ])('refuse the headers %j', (headers, message) => {
    expect(crmOptionProblems({ ...GOOD, headers })).toEqual([`headers: ${message}`]);
  });

  const QUOTES =
    'is not JSON once it is filled in. Put placeholders in double quotes, for example {"phone": "{{ number }}"}, or write body as a map.';
  it.each([
    ['{"phone": {{ number }}}', QUOTES],
    ['{"phone": {{ caller.text }}}', QUOTES],
    ['phone={{ number }}', QUOTES],
    ['{"phone": "{{ nummer }}"}', `names "nummer", which is not known. ${VARIABLES}`],
    [5, 'must be a map, a list or a text, for example { phone: "{{ number }}" }.'],
    [
      { filters: [{ value: '{{ number }}' }, { value: '{{ nummer }}' }] },
      `at filters[1].value: names "nummer", which is not known. ${VARIABLES}`,
    ],
  ])('refuse the body %j', (body, message) => {
    expect(crmOptionProblems({ ...GOOD, method: 'POST', body })).toEqual([`body: ${message}`]);
  });

  it('refuse a body with GET, and a body of another type than JSON', () => {
    const body = { phone: '{{ number }}' };
    expect(crmOptionProblems({ ...GOOD, body })).toEqual(['body: needs method: POST.']);
    expect(
      crmOptionProblems({ ...GOOD, method: 'POST', body, headers: { 'content-type': 'text/xml' } }),
    ).toEqual([
      'headers: content-type must be a type such as application/json, because body is sent as json. Change it, or bodyType.',
    ]);
  });

  it.each([
    [{ type: 'oauth' }, [AUTH_TYPE]],
    [
      { type: 'basic' },
      [
        'auth.username: is missing. Auth type basic needs username and password.',
        'auth.password: is missing. Auth type basic needs username and password.',
      ],
    ],
    [
      { type: 'basic', username: 'a:b', password: 'line\n' },
      [
        'auth.username: has a colon or a control character, which Basic auth cannot carry.',
        'auth.password: has a line end or another control character. Remove it.',
      ],
    ],
    [{ type: 'basic', username: 'a', password: 1234 }, ['auth.password: must be text. Put it in quotes.']],
    [
      { type: 'bearer', token: 's3cret\n' },
      [
        'auth.token: must be one word of ASCII characters. Is it empty, or is there a space or a line end in it?',
      ],
    ],
    [
      { type: 'bearer', token: 'x', username: 'a' },
      ['auth.username: belongs to auth type basic or oauth2-password. Remove it, or change type.'],
    ],
    [
      { type: 'header', name: 'X Key', value: '' },
      [
        'auth.name: is not a header name; use letters, digits and hyphens, for example X-Api-Key.',
        'auth.value: must be text of one line in Latin-1. Is it empty, or is there a line end in it?',
      ],
    ],
    [{ type: 'none', tokn: 'x' }, ['auth.tokn: property tokn should not exist']],
  ])('refuse the auth %j', (auth, messages) => {
    expect(crmOptionProblems({ ...GOOD, auth })).toEqual(messages);
  });

  it.each([
    [{ spellings: 'e164' }, SPELLINGS],
    [
      { spellings: ['(###) ###_####'] },
      'spellings: is not a pattern of a number. Write # for each digit, and between them blanks and ( ) - . / only; + at the beginning, for example +## (###) ###-####.',
    ],
    [
      { method: 'POST', body: '{"or": [{% for n in numbers %}{"phone": "{{ n }}"}{% endfor %}]}' },
      'body: is not JSON once it is filled in. Put placeholders in double quotes, for example {"phone": "{{ number }}"}, or write body as a map.',
    ],
    [
      { tierOrder: 'gold' },
      'tierOrder: must be a list of tiers, the highest first, for example [platinum, gold, silver].',
    ],
    [{ tierOrder: ['gold', 1] }, 'tierOrder: is not the name of a tier. Write text, for example gold.'],
    [{ tierOrder: ['gold', ' Gold'] }, 'tierOrder: names a tier twice. Keep the first.'],
    [{ trustAnswer: 'yes' }, 'trustAnswer: must be true or false. Default: false.'],
    [{ spellings: ['e164', 'e614'] }, SPELLINGS.replace(/must be a list.*?\. /, 'is not a spelling. ')],
    [
      { record: 'contacts[0' },
      `record: is not a JSONata expression: Expected "]" before end of expression (character 10). ${EXPRESSION}`,
    ],
    [
      { record: '$eval(script)' },
      'record: uses $eval, which is not available: it would run text of the answer as an expression.',
    ],
    [
      { url: 'https://crm.example/contacts/{{ number }}', spellings: ['e164', '0## / ### ####'] },
      'spellings: has "0## / ### ####", and url has the number in its path, where a slash begins another part. Write the number into the query, or spell it without a slash.',
    ],
    [{ record: `"${'x'.repeat(10_000)}"` }, 'record: is longer than 10000 characters.'],
    [
      { errorPath: '' },
      'errorPath: must be a JSONata expression that yields something when the answer is a failure, for example errors.',
    ],
    [
      { errorPath: ')' },
      `errorPath: is not a JSONata expression: The symbol ")" cannot be used as a unary operator (character 1). ${EXPRESSION}`,
    ],
    [
      { maxResponseSize: '3GB' },
      'maxResponseSize: is not a size. Write a number of bytes, or one with KiB or MiB, up to 64MiB, for example 256KiB. Default: 1MiB.',
    ],
    [
      { probe: 358501231234 },
      'probe: must be a number in quotes that health checks may ask for, such as "+35850…".',
    ],
  ])('refuse %j', (more, message) => {
    expect(crmOptionProblems({ ...GOOD, ...more })).toContain(message);
  });

  it.each([[[200]], [[401]], [[429]], [[301]], [[503]], [['404']], [404]])(
    'refuse %j as statuses that mean "nobody"',
    (status) => {
      expect(crmOptionProblems({ ...GOOD, notFound: { status } })).toEqual([
        'notFound.status: must be a list of HTTP statuses that mean "nobody", from 201 to 299 or 400 to 499; refused logins and rate limits (401, 403, 407, 408, 429) mean a failure. Default: [404, 204].',
      ]);
    },
  );

  it('never repeat what may be a secret', () => {
    const problems = crmOptionProblems({
      url: 'https://crm.example/?key=s3cret&phone={{ number',
      headers: { 'X-Key': 's3cret {{ number' },
      body: { key: 's3cret {% if' },
      auth: { type: 'header', name: 's3cret !', value: 's3cret\n' },
      record: 'contacts',
    });
    expect(problems.length).toBeGreaterThanOrEqual(5);
    expect(problems.join('\n')).not.toContain('s3cret');
  });
});
