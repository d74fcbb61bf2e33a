import { isSupportedCountry } from 'libphonenumber-js/max';
import { isIP } from 'node:net';
import { isPlainObject } from '../common/json.js';
import { nearName } from '../common/near-name.js';
import { readNetwork } from '../common/network.js';
import { isTimezone, nearTimezone } from '../common/timezone.js';
import type { JsonSchema } from '../common/rule.js';
import type { KeyRule } from './key.js';

const CONTROL = /[\u0000-\u001f\u007f]/;
export const NOT_TEXT = 'is not text. Put it in quotes.';

export function text(hint: string, maxLength = 500): KeyRule {
  return {
    problem: (value) => {
      if (typeof value === 'number' || typeof value === 'boolean') return NOT_TEXT;
      if (typeof value !== 'string') return `is not text. ${hint}`;
      if (value.trim() === '') return `is empty. ${hint}`;
      if (value.length > maxLength) return `is longer than ${maxLength} characters. ${hint}`;
      return CONTROL.test(value) ? `has a line end or another control character in it. ${hint}` : undefined;
    },
    schema: { type: 'string', minLength: 1 },
  };
}

/** A text with an additional rule, which is checked only if the value is a text. */
export function textThat(
  hint: string,
  demand: (value: string) => string | undefined,
  schema: JsonSchema = {},
): KeyRule {
  const base = text(hint);
  return {
    problem: (value) => base.problem(value) ?? demand(value as string),
    schema: { ...base.schema, ...schema },
  };
}

export function oneOf(what: string, allowed: readonly string[], standard: string): KeyRule {
  const hint = `Write ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}. Default: ${standard}.`;
  const problem = (value: unknown) => {
    if (allowed.includes(value as string)) return undefined;
    const near = typeof value === 'string' ? nearName(value, allowed) : undefined;
    return `is not ${what}.${near === undefined ? '' : ` Did you mean "${near}"?`} ${hint}`;
  };
  return { problem, schema: { type: 'string', enum: [...allowed] } };
}

/** @param standard the default, if any */
export function wholeNumber(min: number, max: number, standard?: number): KeyRule {
  const otherwise = standard === undefined ? '' : ` Default: ${standard}.`;
  return {
    problem: (value) => {
      if (value === undefined) return `is missing. Write a whole number from ${min} to ${max}.${otherwise}`;
      if (typeof value === 'string' && /^\d+$/.test(value)) return 'is text here. Write it without quotes.';
      const fits = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
      return fits ? undefined : `is not a whole number from ${min} to ${max}.${otherwise}`;
    },
    schema: { type: 'integer', minimum: min, maximum: max },
  };
}

/** Description of every key named `country`. */
export const COUNTRY_KEY =
  'How numbers written nationally are read: ISO 3166-1 alpha-2, two capital letters.';

export const country = textThat(
  'Write two capital letters (ISO 3166-1), for example FI.',
  (value) => {
    if (isSupportedCountry(value)) return undefined;
    const near = value.toUpperCase() === 'UK' ? 'GB' : value.trim().toUpperCase();
    return isSupportedCountry(near)
      ? `is not a country code. Did you mean "${near}"?`
      : 'is not a country code. Write two capital letters (ISO 3166-1), for example FI.';
  },
  { pattern: '^[A-Z]{2}$' },
);

const TIMEZONE_HINT = 'Write an IANA name, for example Europe/Helsinki. Default: UTC.';

export const timezone = textThat(TIMEZONE_HINT, (value) => {
  if (isTimezone(value)) return undefined;
  const near = nearTimezone(value);
  return `is not a time zone.${near === undefined ? '' : ` Did you mean "${near}"?`} ${TIMEZONE_HINT}`;
});

export const host = textThat(
  'Write an IP address or a host name, for example 127.0.0.1; 0.0.0.0 or :: for all addresses.',
  (value) => {
    const isName =
      /^(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*$/.test(value) && !/^[\d.]+$/.test(value);
    return isIP(value) !== 0 || isName
      ? undefined
      : 'is not a host. Write an IP address or a host name, for example 127.0.0.1; 0.0.0.0 or :: for all addresses.';
  },
);

const MAX_PORT = 65_535;
export const port = wholeNumber(0, MAX_PORT, 3000);
export const furtherPort = wholeNumber(0, MAX_PORT);

export const network = textThat('Write an IP address or a range, for example 80.88.186.0/24.', (value) => {
  const read = readNetwork(value);
  return typeof read === 'string' ? read : undefined;
});

/** The paths of the service itself, and all paths below them. */
export const RESERVED_PATHS = ['/health', '/metrics', '/docs', '/docs-json'];

export const routePath = textThat(
  'Write a path such as /smartrouting.',
  (value) => {
    if (!/^\/[A-Za-z0-9\-._~/]*$/.test(value)) {
      return 'is not a path. Start with / and use letters, digits and - . _ ~ only, without ? or #, for example /smartrouting.';
    }
    if (/\/\/|\/\.{1,2}(\/|$)/.test(value)) {
      return 'has an empty part, or one of dots only, which clients and proxies remove. Write for example /smartrouting.';
    }
    const plain = value.toLowerCase().replace(/\/+$/, '');
    const taken = RESERVED_PATHS.find((path) => plain === path || plain.startsWith(`${path}/`));
    return taken === undefined
      ? undefined
      : `is taken: ${taken} is an address of the service itself. Write another path, for example /smartrouting.`;
  },
  { pattern: '^/[A-Za-z0-9\\-._~/]*$' },
);

/** A map whose keys are checked elsewhere. */
export function mapping(hint: string): KeyRule {
  return {
    problem: (value) => {
      if (!isPlainObject(value)) return `is not a map of keys. ${hint}`;
      return Object.keys(value).length === 0 ? `is empty. ${hint}` : undefined;
    },
    schema: { type: 'object', minProperties: 1 },
  };
}

export const path = text('Write the path of a file.');
