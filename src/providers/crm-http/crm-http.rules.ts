import { IsIn, IsOptional } from 'class-validator';
import { isPlainObject, Rule } from '../../plugin-api/index.js';
import type { Json, JsonObject } from '../../plugin-api/index.js';
import { expressionProblem } from './crm-http.expressions.js';
import { isHeaderText, literalPart, templateProblem, TextTemplate } from './crm-http.templates.js';
import type { TemplateScope, TemplateVariables } from './crm-http.templates.js';

const URL_EXAMPLE = 'https://crm.example/contacts?phone={{ number }}';

/**
 * The options of a request, the same for lookups and for pages.
 * @param purpose for messages
 * @param variables that its templates may use
 */
export function requestOptions(purpose: string, variables: TemplateVariables) {
  class RequestOptions {
    /** Template of the address. Scheme and host are fixed; values are percent-encoded. */
    @Rule((url) => urlProblem(url, variables))
    readonly url: string;

    @IsOptional()
    @IsIn(['GET', 'POST'], { message: `is not a method for a ${purpose}. Write GET or POST. Default: GET.` })
    readonly method?: 'GET' | 'POST';

    /** Name -> template. Credentials are written under the provider's `auth`. */
    @IsOptional()
    @Rule<RequestOptions>((headers, { body }) => headersProblem(headers, body != null, variables), {
      type: 'object',
      additionalProperties: { type: 'string' },
    })
    readonly headers?: Record<string, string>;

    /** JSON: a map or list whose texts are templates, or one template whose result is JSON. */
    @IsOptional()
    @Rule<RequestOptions>((body, { method }) => bodyProblem(body, method, variables), {
      type: ['object', 'array', 'string'],
    })
    readonly body?: string | JsonObject | Json[];
  }
  return RequestOptions;
}

export type RequestOptions = InstanceType<ReturnType<typeof requestOptions>>;

function urlProblem(url: unknown, variables: TemplateVariables): string | undefined {
  if (typeof url !== 'string' || url.trim() === '') {
    return `is missing. Write the address that finds a contact, for example ${URL_EXAMPLE}.`;
  }
  const host = /^https?:\/\/([^/?#]*)/i.exec(url.trim())?.[1];
  if (host === undefined) return `must begin with https:// or http://, for example ${URL_EXAMPLE}.`;
  if (host.includes('@')) return 'has a user name or password before the host. Write them under auth.';
  if (/[{}%]/.test(host)) {
    return 'has a template in its host. Write the host out: a caller must not choose where the credentials go.';
  }
  const address = splitUrl(url);
  if (address === undefined) return `has no host that could be asked. Write for example ${URL_EXAMPLE}.`;
  const port = portProblem(address.origin);
  if (port !== undefined) return port;
  const literal = literalPart(address.rest);
  const isUnclosed = /\{[{%]/.test(literal);
  if (!isUnclosed && /\s/.test(literal)) return 'has a space or line end in it. Write %20 for a space.';
  if (literal.includes('#')) return 'has a # in it, and what follows is never sent. Write %23, or remove it.';
  if (/\?.*\+/s.test(literal)) {
    return 'has a + in its query, which servers read as a space. Write %2B for a plus sign, %20 for a space.';
  }
  return templateProblem(url.trim(), 'url', variables);
}

const ORIGIN = /^(https?:\/\/[^/?#]+)(.*)$/is;

/** Splits an address template before its path: the part before it is never a template. */
export function splitUrl(url: string): { origin: string; rest: string } | undefined {
  const [, origin, rest] = ORIGIN.exec(url.trim()) ?? [];
  if (origin === undefined || rest === undefined || !URL.canParse(origin)) return undefined;
  return { origin: new URL(origin).origin, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Nobody listens on port 0. @param url complete, or its origin */
export function portProblem(url: string): string | undefined {
  return new URL(url).port === '0'
    ? 'has port 0, on which no server listens. Write the port that the server listens on, or leave it out.'
    : undefined;
}

/** What the connection sets by itself. */
const OF_CONNECTION =
  /^(accept-encoding|connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** `auth` may set Authorization, and any name of the CRM's own. */
export function authHeaderNameProblem(name: string): string | undefined {
  const problem = headerNameProblem(name);
  if (problem !== undefined) return `${problem}, for example X-Api-Key.`;
  return OF_CONNECTION.test(name)
    ? `names ${name}, which is set by the connection. Write the header that the CRM reads, for example X-Api-Key.`
    : undefined;
}

function headerNameProblem(name: string): string | undefined {
  return /^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)
    ? undefined
    : 'is not a header name; use letters, digits and hyphens';
}

function headersProblem(
  headers: unknown,
  hasBody: boolean,
  variables: TemplateVariables,
): string | undefined {
  if (!isPlainObject(headers)) return 'must be a map of names and texts, for example { X-Workspace: main }.';
  const problems = Object.entries(headers).flatMap(([name, value]) => {
    const problem = headerProblem(name.toLowerCase(), value, hasBody, variables);
    return problem === undefined ? [] : [`${name} ${problem.replace(/\.$/, '')}.`];
  });
  return problems.length === 0 ? undefined : problems.join(' ');
}

function headerProblem(
  name: string,
  value: unknown,
  hasBody: boolean,
  variables: TemplateVariables,
): string | undefined {
  const nameProblem = headerNameProblem(name);
  if (nameProblem !== undefined) return nameProblem;
  if (name === 'authorization')
    return 'is written under auth, for example auth: { type: header, name: Authorization, value: … }';
  if (OF_CONNECTION.test(name)) return 'is set by the connection. Remove it';
  if (typeof value !== 'string') return 'must be text; put it in quotes';
  if (!isHeaderText(literalPart(value))) {
    return 'has a line end or a character beyond Latin-1, which no header can carry';
  }
  if (name === 'content-type' && hasBody && !/json/i.test(value)) {
    return 'must be a JSON type such as application/json: that is what body is sent as';
  }
  return templateProblem(value, 'header', variables);
}

function bodyProblem(body: unknown, method: unknown, variables: TemplateVariables): string | undefined {
  if (method !== 'POST') return 'needs method: POST.';
  if (typeof body === 'string') {
    return templateProblem(body, 'json-text', variables) ?? jsonTextProblem(body, variables);
  }
  if (!Array.isArray(body) && !isPlainObject(body)) {
    return 'must be a map, a list or a text, for example { phone: "{{ number }}" }.';
  }
  return valueProblem(body as Json, '', variables);
}

/** With a placeholder outside quotes, a caller's text could become JSON syntax; a sample text reveals that. */
function jsonTextProblem(body: string, { samples }: TemplateVariables): string | undefined {
  const template = new TextTemplate(body, 'json-text');
  const becomesJson = (scope: TemplateScope): boolean => {
    try {
      JSON.parse(template.render(scope));
      return true;
    } catch {
      return false;
    }
  };
  return samples.some((scopes) => scopes.every(becomesJson))
    ? undefined
    : 'is not JSON once it is filled in. Put placeholders in double quotes, for example {"phone": "{{ number }}"}, or write body as a map.';
}

function valueProblem(value: Json, path: string, variables: TemplateVariables): string | undefined {
  if (typeof value === 'string') {
    const problem = templateProblem(value, 'json-value', variables);
    return problem === undefined ? undefined : `at ${path}: ${problem}`;
  }
  const inner = Array.isArray(value)
    ? value.map((item, index) => [item, `${path}[${index}]`] as const)
    : isPlainObject(value)
      ? Object.entries(value).map(([name, item]) => [item, path === '' ? name : `${path}.${name}`] as const)
      : [];
  return inner
    .map(([item, at]) => valueProblem(item, at, variables))
    .find((problem) => problem !== undefined);
}

export function statusesProblem(statuses: unknown): string | undefined {
  const fits = (status: unknown): boolean =>
    Number.isInteger(status) &&
    [2, 4].includes(Math.floor((status as number) / 100)) &&
    ![200, 401, 403, 407, 408, 429].includes(status as number);
  return Array.isArray(statuses) && statuses.every(fits)
    ? undefined
    : 'must be a list of HTTP statuses that mean "nobody", from 201 to 299 or 400 to 499; refused logins and rate limits (401, 403, 407, 408, 429) mean a failure. Default: [404, 204].';
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1_000,
  KIB: 1_024,
  MB: 1_000_000,
  MIB: 1_048_576,
};
const MAX_SIZE = 64 * 1_048_576;

/** Bytes of a size such as `256KiB`, `1MiB` or `65536`; `undefined` if it is not a size, or out of range. */
export function readSize(size: unknown): number | undefined {
  const [, amount, unit] = /^(\d{1,12}) ?([KM]?i?B)?$/i.exec(String(size).trim()) ?? [];
  const bytes = Number(amount) * (UNITS[(unit ?? '').toUpperCase()] ?? Number.NaN);
  return bytes >= 1 && bytes <= MAX_SIZE ? bytes : undefined;
}

export function sizeProblem(size: unknown): string | undefined {
  return (typeof size === 'string' || typeof size === 'number') && readSize(size) !== undefined
    ? undefined
    : 'is not a size. Write a number of bytes, or one with KiB or MiB, up to 64MiB, for example 256KiB. Default: 1MiB.';
}

/**
 * A JSONata expression.
 * @param rule message for anything else, a predicate: `must be a JSONata expression …`
 */
export function Expression(rule: string): PropertyDecorator {
  return Rule((value) =>
    typeof value === 'string' && value.trim() !== '' ? expressionProblem(value) : rule,
  );
}
