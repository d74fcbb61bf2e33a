import { IsIn, IsOptional } from 'class-validator';
import { isPlainObject, Rule } from '../../plugin-api/index.js';
import { BODY_KINDS, BODY_TYPES, bodyProblem } from './crm-http.body.js';
import type { Body, BodyType } from './crm-http.body.js';
import { expressionProblem } from './crm-http.expressions.js';
import { isHeaderText, literalPart, templateProblem } from './crm-http.templates.js';
import type { TemplateVariables } from './crm-http.templates.js';

const URL_EXAMPLES = {
  lookup: 'that finds a contact, for example https://crm.example/contacts?phone={{ number }}',
  pull: 'that lists the VIPs, for example https://crm.example/contacts?page={{ page | default: 1 }}',
  login: 'that signs in, for example https://crm.example/login',
};

type Purpose = keyof typeof URL_EXAMPLES;

/**
 * The options of a request, the same for lookups and for pages.
 * @param purpose for messages
 * @param variables that its templates may use
 */
export function requestOptions(purpose: Purpose, variables: TemplateVariables) {
  class RequestOptions {
    /** Template of the address. Scheme and host are fixed; values are percent-encoded. */
    @Rule((url) => urlProblem(url, purpose, variables))
    readonly url: string;

    @IsOptional()
    @IsIn(['GET', 'POST'], { message: `is not a method for a ${purpose}. Write GET or POST. Default: GET.` })
    readonly method?: 'GET' | 'POST';

    /** Name -> template. Credentials are written under the provider's `auth`. */
    @IsOptional()
    @Rule<RequestOptions>((headers, request) => headersProblem(headers, request, purpose, variables), {
      type: 'object',
      additionalProperties: { type: 'string' },
    })
    readonly headers?: Record<string, string>;

    /** A map or (as JSON) a list whose texts are templates, or one template whose result is the whole body. */
    @IsOptional()
    @Rule<RequestOptions>((body, request) => bodyProblem(body, request, variables), {
      type: ['object', 'array', 'string'],
    })
    readonly body?: Body;

    /** As what the body is sent, and how values are written in it. Default: `json`. */
    @IsOptional()
    @Rule<RequestOptions>(bodyTypeProblem, { type: 'string', enum: [...BODY_TYPES] })
    readonly bodyType?: BodyType;
  }
  return RequestOptions;
}

export type RequestOptions = InstanceType<ReturnType<typeof requestOptions>>;

function bodyTypeProblem(type: unknown, { body }: Partial<RequestOptions>): string | undefined {
  if (!(BODY_TYPES as readonly unknown[]).includes(type))
    return 'is not a type of body. Write json, form or xml. Default: json.';
  return body == null ? 'needs body beside it. Write body, or remove it.' : undefined;
}

function urlProblem(url: unknown, purpose: Purpose, variables: TemplateVariables): string | undefined {
  const example = URL_EXAMPLES[purpose].replace(/^.*, for example /, '');
  if (typeof url !== 'string' || url.trim() === '') {
    return `is missing. Write the address ${URL_EXAMPLES[purpose]}.`;
  }
  const host = /^https?:\/\/([^/?#]*)/i.exec(url.trim())?.[1];
  if (host === undefined) return `must begin with https:// or http://, for example ${example}.`;
  if (host.includes('@')) return 'has a user name or password before the host. Write them under auth.';
  if (/[{}%]/.test(host)) {
    return 'has a template in its host. Write the host out: a caller must not choose where the credentials go.';
  }
  const address = splitUrl(url);
  if (address === undefined) return `has no host that could be asked. Write for example ${example}.`;
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
  request: Partial<RequestOptions>,
  purpose: Purpose,
  variables: TemplateVariables,
): string | undefined {
  if (!isPlainObject(headers)) return 'must be a map of names and texts, for example { X-Workspace: main }.';
  const problems = Object.entries(headers).flatMap(([name, value]) => {
    // A login may itself be by Basic auth.
    const problem =
      name.toLowerCase() === 'authorization' && purpose !== 'login'
        ? 'is written under auth, for example auth: { type: header, name: Authorization, value: … }'
        : headerProblem(name.toLowerCase(), value, request, variables);
    return problem === undefined ? [] : [`${name} ${problem.replace(/\.$/, '')}.`];
  });
  return problems.length === 0 ? undefined : problems.join(' ');
}

function headerProblem(
  name: string,
  value: unknown,
  { body, bodyType }: Partial<RequestOptions>,
  variables: TemplateVariables,
): string | undefined {
  const nameProblem = headerNameProblem(name);
  if (nameProblem !== undefined) return nameProblem;
  if (OF_CONNECTION.test(name)) return 'is set by the connection. Remove it';
  if (typeof value !== 'string') return 'must be text; put it in quotes';
  if (!isHeaderText(literalPart(value))) {
    return 'has a line end or a character beyond Latin-1, which no header can carry';
  }
  if (name === 'content-type' && body != null) {
    const type = bodyType ?? 'json';
    const { typePattern, contentType } = BODY_KINDS[type] ?? BODY_KINDS.json;
    if (!typePattern.test(value))
      return `must be a type such as ${contentType}, because body is sent as ${type}. Change it, or bodyType`;
  }
  return templateProblem(value, 'header', variables);
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
