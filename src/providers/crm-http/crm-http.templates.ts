import { Liquid } from 'liquidjs';
import type { Template } from 'liquidjs';
import { Caller, SPELLINGS, VipLookupError } from '../../plugin-api/index.js';
import type { Spelling } from '../../plugin-api/index.js';

/**
 * Where a template's text is used, which decides how the caller's number is written. In a `url` it is
 * percent-encoded, with `LEAVES_SEGMENT`; in a `header` it must be printable Latin-1. In `json-text` it is escaped
 * for the inside of a JSON string, in `form` for the value of a field, in `xml` for a text or a quoted attribute; in
 * `json-value` it is unchanged, because the text is encoded as a whole afterwards.
 */
export type Place = 'url' | 'header' | 'json-text' | 'json-value' | 'form' | 'xml';

export type TemplateScope = Readonly<Record<string, unknown>>;

export interface TemplateVariables {
  /** Full paths, for example `caller.national`. */
  readonly names: readonly string[];
  /** Harmless values for testing a template, which must do for all of one list. */
  readonly samples: readonly (readonly TemplateScope[])[];
}

/**
 * This caller cannot be written as a template requires: it has no such spelling, or its characters are not allowed
 * there.
 */
export class NotWritableError extends Error {
  override readonly name = 'NotWritableError';
}

/** No tags that capture rendered text: it would be encoded twice, there and where it is used, and find nothing. */
const TAGS = ['assign', 'break', 'case', 'comment', 'continue', 'for', 'if', 'raw', 'unless'];
/** No encoding filters: values are encoded for their place automatically, and encoding twice finds nothing. */
const FILTERS = [
  'append',
  'default',
  'downcase',
  'first',
  'join',
  'last',
  'lstrip',
  'prepend',
  'remove',
  'remove_first',
  'remove_last',
  'replace',
  'replace_first',
  'replace_last',
  'rstrip',
  'size',
  'slice',
  'split',
  'strip',
  'upcase',
];
const MAX_TEMPLATE_CHARACTERS = 10_000;

/**
 * Marks, in a rendered `url`, each character of a value that a server or proxy may read as the end of a path segment
 * or of the path. These are both kinds of slash, `?`, `#`, and the percent sign, which may begin an encoded one.
 */
export const LEAVES_SEGMENT = '\0';

/** XML 1.0, 2.2: not even escaped. */
const NOT_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;

const ESCAPES: Readonly<Record<Place, (text: string) => string>> = {
  url: (text) =>
    encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
      /%(?:2F|5C|25|3F|23)/g,
      `${LEAVES_SEGMENT}$&`,
    ),
  header: (text) => {
    if (!isHeaderText(text)) throw new NotWritableError('not for a header');
    return text;
  },
  'json-text': (text) => JSON.stringify(text).slice(1, -1),
  'json-value': (text) => text,
  form: (text) => new URLSearchParams({ '': text }).toString().slice(1),
  xml: (text) => {
    if (NOT_XML.test(text)) throw new NotWritableError('not for XML');
    return text.replace(/[&<>"'\t\r\n]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  },
};

/** A list is written as one text, which glues its items together. */
class ListAsTextError extends Error {
  override readonly name = 'ListAsTextError';
}

/** Filters that make one value of a list, or take a part of it. */
const OF_LISTS = ['default', 'first', 'join', 'last', 'size', 'slice'];

const engines = new Map<string, Liquid>();

/** @param isTrial refuses lists that are written as text, which needs time that no call pays */
function engineFor(place: Place, isTrial = false): Liquid {
  const key = `${place} ${isTrial}`;
  let engine = engines.get(key);
  if (engine === undefined) {
    engine = new Liquid({
      strictFilters: true,
      strictVariables: true,
      lenientIf: true,
      ownPropertyOnly: true,
      templates: {},
      outputEscape: (value: unknown) => {
        if (isTrial) demandNoList(value);
        return ESCAPES[place](asText(value));
      },
      parseLimit: MAX_TEMPLATE_CHARACTERS,
      renderLimit: 250,
      memoryLimit: 1_000_000,
    });
    for (const tag of Object.keys(engine.tags)) if (!TAGS.includes(tag)) delete engine.tags[tag];
    for (const filter of Object.keys(engine.filters)) {
      if (!FILTERS.includes(filter)) delete engine.filters[filter];
      else if (isTrial && !OF_LISTS.includes(filter)) refuseLists(engine, filter);
    }
    engines.set(key, engine);
  }
  return engine;
}

function refuseLists(engine: Liquid, name: string): void {
  const filter = engine.filters[name];
  if (typeof filter !== 'function') return;
  engine.registerFilter(name, function (value: unknown, ...rest: unknown[]) {
    demandNoList(value);
    return filter.call(this, value, ...rest) as unknown;
  });
}

function demandNoList(value: unknown): void {
  if (Array.isArray(value)) throw new ListAsTextError();
}

export class TextTemplate {
  readonly #place: Place;
  readonly #parsed: Template[];

  /** @throws if `templateProblem` finds a problem */
  constructor(text: string, place: Place) {
    this.#place = place;
    this.#parsed = engineFor(place).parse(text);
  }

  /** Every variable that the template uses, for example `caller.national`. */
  variables(): string[] {
    return engineFor(this.#place).globalFullVariablesSync(this.#parsed);
  }

  /** @throws NotWritableError if the caller cannot be written here, VipLookupError if a limit is reached */
  render(scope: TemplateScope): string {
    try {
      return String(engineFor(this.#place).renderSync(this.#parsed, scope));
    } catch (error) {
      const { name, originalError } = error as { name?: unknown; originalError?: unknown };
      if (originalError instanceof NotWritableError) throw originalError;
      if (name === 'UndefinedVariableError') throw new NotWritableError('the caller has no such spelling');
      // The engine's error quotes the template, which may contain a secret.
      throw new VipLookupError('a template could not be filled in within its limits of time and memory');
    }
  }
}

/** What is wrong with a template, for an administrator; `undefined` if nothing is. Never repeats its text. */
export function templateProblem(
  text: string,
  place: Place,
  { names: known, samples }: TemplateVariables,
): string | undefined {
  let variables: string[];
  try {
    variables = new TextTemplate(text, place).variables();
  } catch (error) {
    return parseProblem(String((error as Error).message));
  }
  const unknown = variables.find((variable) => !known.includes(variable));
  if (unknown === undefined) {
    return samples.flat().some((scope) => writesList(text, place, scope))
      ? "writes numbers, a list, as one text, which is nobody's number. Write {{ number }}, or {% for n in numbers %}{{ n }}{% unless forloop.last %},{% endunless %}{% endfor %}."
      : undefined;
  }
  const shown = /^[\w.]{1,40}$/.test(unknown) ? `"${unknown}"` : 'a variable';
  return `names ${shown}, which is not known. Known: ${known.length === 0 ? 'none here' : known.join(', ')}.`;
}

/** Whether a sample shows that a list is written as text. Any other failure has a rule of its own. */
function writesList(text: string, place: Place, scope: TemplateScope): boolean {
  const engine = engineFor(place, true);
  try {
    engine.renderSync(engine.parse(text), scope);
    return false;
  } catch (error) {
    return (error as { originalError?: unknown }).originalError instanceof ListAsTextError;
  }
}

/**
 * The engine's own messages repeat the template, which may contain a secret; only names of filters and tags are
 * passed on.
 */
function parseProblem(message: string): string {
  const filter = /undefined filter: (\w{1,40})/.exec(message)?.[1];
  if (filter !== undefined) {
    return `uses the filter "${filter}", which is not available; values are encoded for their place automatically. Filters: ${FILTERS.join(', ')}.`;
  }
  const tag = /tag "(\w{1,40})" not found/.exec(message)?.[1];
  if (tag !== undefined) return `uses the tag "${tag}", which is not available. Tags: ${TAGS.join(', ')}.`;
  if (message.includes('limit exceeded')) {
    return `is longer than ${MAX_TEMPLATE_CHARACTERS} characters.`;
  }
  const [, line, column] = /line:(\d+), col:(\d+)/.exec(message) ?? [];
  const where = line === undefined ? '' : ` (line ${line} of the text, column ${column})`;
  return `is not a usable template${where}. Write for example {{ number }} or {{ caller.national }}.`;
}

/** The text without its template parts: what the administrator wrote literally. */
export function literalPart(text: string): string {
  return text.replace(/\{\{.*?\}\}|\{%.*?%\}/gs, '');
}

/** Except for tabs, RFC 9110 allows no control characters in a field value; characters beyond Latin-1 cannot be sent. */
export function isHeaderText(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

export type Spellings = Partial<Record<Spelling, string>>;

/** The properties of a caller that templates and expressions can use. */
export function spellingsOf(caller: Caller): Spellings {
  const written: Spellings = {};
  for (const spelling of SPELLINGS) {
    const text = caller.spell(spelling);
    if (text !== undefined && text !== '') written[spelling] = text;
  }
  return written;
}

/** One and two spellings, so that the text between them is tested, too. */
const SAMPLES = [['sample'], ['sample', 'sample']].map((numbers) => ({
  number: 'sample',
  numbers,
  caller: { ...spellingsOf(Caller.read('+12025550123', 'US')), text: 'sample' },
}));

/** The caller in the spelling that is being tried, in all configured ones, and in every one that it has. */
export const CALLER_VARIABLES: TemplateVariables = {
  names: ['number', 'numbers', ...SPELLINGS.map((spelling) => `caller.${spelling}`)],
  samples: [SAMPLES],
};

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? value.map(asText).join('') : '';
}
