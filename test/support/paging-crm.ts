import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A contact as this CRM keeps it. */
export interface PagedContact {
  readonly id: number;
  readonly phones: readonly string[];
  readonly tier?: string | null;
  readonly name?: string;
}

/**
 * A CRM on the loopback address that lists its contacts page by page, tells what changed since a token, and can be
 * searched: `/contacts?page=`, `/changes?since=&page=`, `/search?phone=`.
 */
export class PagingCrm {
  readonly requests: string[] = [];
  /** Of each request. */
  readonly headers: IncomingHttpHeaders[] = [];
  /** What a page is answered with instead. */
  alter: (page: number, body: Record<string, unknown>) => unknown = (_, body) => body;
  pageSize = 100;
  /** Whether no two answers are the same: each says how many requests there were. */
  isStamped = false;
  /** Whether searches get no answer. */
  holdsSearches = false;
  /** From this page on there is no answer. */
  heldFromPage = Infinity;
  /** From this page on connections break. */
  brokenFromPage = Infinity;
  /** From this page on the answer is 404. */
  missingFromPage = Infinity;
  readonly #contacts = new Map<number, PagedContact>();
  /** Id -> when it was changed or deleted, counted. */
  readonly #changes = new Map<number, number>();
  #now = 0;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get contacts(): readonly PagedContact[] {
    return [...this.#contacts.values()];
  }

  /** Paths asked for that begin so. */
  asked(path: string): string[] {
    return this.requests.filter((url) => url.startsWith(path));
  }

  put(...contacts: readonly PagedContact[]): void {
    for (const contact of contacts) {
      this.#contacts.set(contact.id, contact);
      this.#changes.set(contact.id, ++this.#now);
    }
  }

  delete(...ids: readonly number[]): void {
    for (const id of ids) {
      this.#contacts.delete(id);
      this.#changes.set(id, ++this.#now);
    }
  }

  /** On the port that it had before, if any. */
  async start(): Promise<this> {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Options of a provider that pulls this CRM's contacts. */
  options(sync: object = {}): Record<string, unknown> {
    return {
      url: `${this.url}/search?phone={{ number }}`,
      record: 'contacts.{ "number": phones, "tier": tier, "name": name }',
      tierOrder: ['platinum', 'gold', 'silver'],
      sync: {
        full: { url: `${this.url}/contacts?page={{ page | default: 1 }}` },
        changes: { url: `${this.url}/changes?since={{ cursor }}&page={{ page | default: 1 }}` },
        records: 'contacts.{ "id": id, "number": phones, "tier": tier, "name": name }',
        next: 'next',
        cursor: 'token',
        deleted: 'deleted',
        every: '1h',
        ...sync,
      },
    };
  }

  #answer({ url = '/', socket, headers }: IncomingMessage, response: ServerResponse): void {
    this.requests.push(url);
    this.headers.push(headers);
    const { pathname, searchParams } = new URL(url, this.url);
    const page = Number(searchParams.get('page') ?? 1);
    if (pathname === '/search' && this.holdsSearches) return;
    if (pathname !== '/search' && page >= this.heldFromPage) return;
    if (pathname !== '/search' && page >= this.brokenFromPage) return void socket.destroy();
    if (pathname !== '/search' && page >= this.missingFromPage) return void response.writeHead(404).end();
    const body =
      pathname === '/search'
        ? { contacts: this.contacts.filter(({ phones }) => phones.includes(searchParams.get('phone')!)) }
        : this.alter(
            page,
            this.#page(page, pathname === '/changes' ? Number(searchParams.get('since')) : undefined),
          );
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  }

  #page(page: number, since: number | undefined): Record<string, unknown> {
    const hasChanged = (id: number): boolean => since === undefined || this.#changes.get(id)! > since;
    const all = this.contacts.filter(({ id }) => hasChanged(id));
    const gone = [...this.#changes.keys()].filter((id) => !this.#contacts.has(id) && hasChanged(id));
    const end = page * this.pageSize;
    return {
      contacts: all.slice(end - this.pageSize, end),
      deleted: since === undefined ? [] : gone,
      token: String(this.#now),
      next: end < all.length ? page + 1 : null,
      ...(this.isStamped && { stamp: this.requests.length }),
    };
  }
}

export async function startPagingCrm(...contacts: readonly PagedContact[]): Promise<PagingCrm> {
  const crm = await new PagingCrm().start();
  crm.put(...contacts);
  return crm;
}

/** Contacts with numbers of their own. */
export const contactNumbers = (count: number): PagedContact[] =>
  Array.from({ length: count }, (_, n) => contactNumber(n));

/** The n-th of many contacts, with a Finnish mobile number of its own. */
export function contactNumber(n: number): PagedContact {
  return {
    id: n,
    phones: [`+35850${1_000_000 + n}`],
    tier: n % 2 === 0 ? 'gold' : 'silver',
    name: `Contact ${n}`,
  };
}
