import { BODY_KINDS, compileBody } from './crm-http.body.js';
import type { BodyTemplate } from './crm-http.body.js';
import { splitUrl } from './crm-http.rules.js';
import type { RequestOptions } from './crm-http.rules.js';
import { LEAVES_SEGMENT, NotWritableError, TextTemplate } from './crm-http.templates.js';
import type { TemplateScope } from './crm-http.templates.js';

/** A request that is complete except for the credentials. */
export interface CrmRequest {
  /** Scheme, host and port, from the configuration alone. */
  readonly origin: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class RequestTemplate {
  readonly #variables: ReadonlySet<string>;
  readonly #origin: string;
  readonly #method: 'GET' | 'POST';
  readonly #path: TextTemplate;
  readonly #headers: readonly (readonly [name: string, value: TextTemplate])[];
  readonly #fixedHeaders: Readonly<Record<string, string>>;
  readonly #body: BodyTemplate | undefined;

  /**
   * @param leftPath called when `fill` refuses values that would leave the path of `url`; absent: values come from
   *   the CRM, such as the name of the next page, and are trusted
   */
  constructor(
    options: RequestOptions,
    private readonly leftPath?: () => void,
  ) {
    const address = splitUrl(options.url);
    if (address === undefined) throw new TypeError('url: is not an address; validate the options first');
    this.#origin = address.origin;
    this.#method = options.method ?? 'GET';
    this.#path = new TextTemplate(address.rest, 'url');
    this.#headers = Object.entries(options.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), new TextTemplate(value, 'header')] as const,
    );
    const type = options.bodyType ?? 'json';
    this.#fixedHeaders = {
      accept: BODY_KINDS[type].accept,
      'accept-encoding': 'identity',
      'user-agent': 'smartrouting-vip',
      ...(options.body != null && { 'content-type': BODY_KINDS[type].contentType }),
    };
    this.#body = options.body == null ? undefined : compileBody(options.body, type);
    const parts = [this.#path, ...this.#headers.map(([, value]) => value), this.#body];
    this.#variables = new Set(parts.flatMap((part) => part?.variables() ?? []));
  }

  /** Whether any template uses a variable, for example `number`: a second spelling then makes a second request. */
  uses(variable: string): boolean {
    return this.#variables.has(variable);
  }

  /** The same request for every caller. */
  get isFixed(): boolean {
    return this.#variables.size === 0;
  }

  /** @returns `undefined` when the templates name what cannot be written as they want it */
  fill(scope: TemplateScope): CrmRequest | undefined {
    try {
      const rendered = this.#path.render(scope);
      if (this.leftPath !== undefined && leavesPath(rendered)) {
        this.leftPath();
        return undefined;
      }
      const url = new URL(`${this.#origin}${rendered.replaceAll(LEAVES_SEGMENT, '')}`);
      return {
        origin: this.#origin,
        path: `${url.pathname}${url.search}`,
        method: this.#method,
        headers: {
          ...this.#fixedHeaders,
          ...Object.fromEntries(this.#headers.map(([name, value]) => [name, value.render(scope)])),
        },
        ...(this.#body !== undefined && { body: this.#body.render(scope) }),
      };
    } catch (error) {
      if (error instanceof NotWritableError) return undefined;
      throw error;
    }
  }
}

/**
 * Whether a caller's text would request a resource other than the configured one: `..` (RFC 3986, 5.2.4), `../admin`,
 * `..;x` or `1?x`. Encoding does not prevent that, because proxies decode a path before they pass it on.
 */
function leavesPath(rendered: string): boolean {
  const path = rendered.replace(/[?#].*$/s, '');
  return path.includes(LEAVES_SEGMENT) || /(?:^|[/\\])(?:\.|%2e){1,2}(?=[/\\;]|%3b|$)/i.test(path);
}
