import { isPlainObject, VipLookupError } from '../../../plugin-api/index.js';

/** How an answer is built, whatever its values are. */
export interface Shape {
  /** Keys down to the third level, such as `data.contacts`; not those of entries of lists. */
  readonly keys: readonly string[];
  /** Those of them that hold a list, or null, which some CRMs write for an empty one; `''`: the answer itself does. */
  readonly lists: readonly string[];
  /** Whether the answer is text, a number, true or false alone. */
  readonly isBare: boolean;
  /** The key that reports an error, where no `errorPath` says what does. */
  readonly error: string | undefined;
  /** The error is beyond doubt: a list of objects with a `message`, as in GraphQL and JSON:API. */
  readonly isErrorCertain: boolean;
}

const MAX_DEPTH = 3;
const MAX_KEYS = 200;

const ERROR_KEY = /^(errors?|error_?(code|messages?|description)|fault(string|code)?|exceptions?)$/i;
const SUCCESS_KEY = /^(success|succeeded|ok)$/i;
const FAILED = /^(error|errors|fail|failed|failure)$/i;
/** What CRMs write under such a key when there is no error; numbers may be HTTP statuses. */
const NO_ERROR = /^(|0+|2\d\d|none|no|ok|okay|success|successful|no[ _]?errors?)$/i;

/** @param looksForErrors false where `errorPath` has judged the answer already */
export function shapeOf(answer: unknown, looksForErrors: boolean): Shape {
  const keys: string[] = [];
  const lists: string[] = [];
  collect(answer, '', 1, keys, lists);
  const fields = looksForErrors && isPlainObject(answer) ? Object.entries(answer) : [];
  return {
    keys,
    lists,
    isBare: answer !== null && typeof answer !== 'object',
    error: fields.find(([key, value]) => saysError(key, value))?.[0],
    isErrorCertain: fields.some(([key, value]) => /^errors$/i.test(key) && isListOfMessages(value)),
  };
}

function collect(value: unknown, path: string, depth: number, keys: string[], lists: string[]): void {
  if (Array.isArray(value) || value === null) lists.push(path);
  if (!isPlainObject(value) || depth > MAX_DEPTH) return;
  for (const [key, inner] of Object.entries(value)) {
    if (keys.length === MAX_KEYS) return;
    const at = path === '' ? key : `${path}.${key}`;
    keys.push(at);
    collect(inner, at, depth + 1, keys, lists);
  }
}

function saysError(key: string, value: unknown): boolean {
  if (SUCCESS_KEY.test(key)) return value === false || value === 'false';
  if (/^status$/i.test(key)) return typeof value === 'string' && FAILED.test(value.trim());
  return ERROR_KEY.test(key) && !isNoError(value);
}

function isNoError(value: unknown): boolean {
  if (value === null || value === false) return true;
  if (typeof value === 'string' || typeof value === 'number') return NO_ERROR.test(String(value).trim());
  return typeof value === 'object' && Object.values(value).every(isNoError);
}

function isListOfMessages(value: unknown): boolean {
  const isMessage = (item: unknown): boolean => isPlainObject(item) && typeof item['message'] === 'string';
  return Array.isArray(value) && value.length > 0 && value.every(isMessage);
}

/** The last page may have such keys of its own. */
const OF_PAGING = /token|cursor|link|delta|sync|next|prev|last|more|total|count|page|offset|limit/i;

/**
 * Notices a page that is an error with HTTP status 200, which would otherwise end a pull as an empty last page does. Compares
 * it with the pages before, because every CRM builds its pages in its own way.
 */
export class PageShapes {
  #known: ReadonlySet<string> | undefined;
  /** Lists that all pages with contacts have. */
  #lists: readonly string[] = [];
  /** Keys that seem to report an error, but stand on pages with contacts, too. */
  readonly #harmless = new Set<string>();

  /**
   * @param page from 1
   * @param contacts on it
   * @throws VipLookupError
   */
  read(page: number, shape: Shape, contacts: number): void {
    const { error, isErrorCertain, keys, lists } = shape;
    const isNew = this.#known !== undefined || contacts === 0;
    if (error !== undefined && (isErrorCertain || (isNew && !this.#harmless.has(error)))) {
      throw new VipLookupError(
        `mapping: page ${page} reports an error under "${shown(error)}" although its HTTP status means success; if that is no error, say with errorPath what is one`,
      );
    }
    if (contacts === 0) return this.#readEmpty(page, shape);
    this.#lists = this.#known === undefined ? lists : this.#lists.filter((list) => lists.includes(list));
    this.#known = new Set([...(this.#known ?? []), ...keys]);
    if (error !== undefined) this.#harmless.add(error);
  }

  #readEmpty(page: number, { keys, lists, isBare }: Shape): void {
    const known = this.#known;
    if (known === undefined) return;
    const hasList = this.#lists.some((list) => lists.includes(list));
    const strange = hasList ? undefined : keys.find((key) => !known.has(key) && !OF_PAGING.test(key));
    if (strange === undefined && !isBare) return;
    const what = isBare
      ? 'is text or a number alone'
      : `has "${shown(strange!)}", which no page before has, and ${this.#lists.length === 0 ? 'no contacts' : 'not their list'}`;
    throw new VipLookupError(
      `mapping: page ${page} is not built as the pages before: it ${what}. If the CRM reports errors with HTTP status 200, name them with errorPath`,
    );
  }
}

/** A key may be part of a contact, where they are listed by their numbers or names. */
function shown(key: string): string {
  return /^[A-Za-z_][A-Za-z_.]{0,39}$/.test(key) ? key : '…';
}
