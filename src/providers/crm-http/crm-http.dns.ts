import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as resolveWithSystem } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { within } from '../../plugin-api/index.js';

type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** Within this time an address is used without a new query. */
const FRESH_MS = 30_000;
/** How long a connection waits for the name server if an older address is known. */
const LIMIT_MS = 250;
/** The maximum age of an address that is used when the name server fails. */
const OLDEST_MS = 24 * 3_600_000;

/**
 * Resolves host names for new connections. If the name server does not answer, an older address is better than none:
 * TLS verifies that it is still the right host.
 */
export class HostNames {
  readonly #known = new Map<
    string,
    { addresses: readonly LookupAddress[]; atMs: number; isSuspect?: boolean }
  >();
  readonly #asked = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(
    private readonly resolve: Resolve = (host) => resolveWithSystem(host, { all: true }),
    private readonly freshMs = FRESH_MS,
  ) {}

  /** For `lookup` of `net.connect` and `tls.connect`. */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.#addresses(host, options).then(
      (addresses) => {
        if (options.all) done(null, addresses);
        else done(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: NodeJS.ErrnoException) => done(error, []),
    );
  };

  /**
   * To be called when no connection could be made: the host may have moved. Its addresses are used again only if the name server
   * says so, or does not answer.
   */
  failed(host: string): void {
    const known = this.#known.get(host);
    if (known !== undefined) this.#known.set(host, { ...known, isSuspect: true });
  }

  async #addresses(host: string, { family }: LookupOptions): Promise<LookupAddress[]> {
    const all = await this.#current(host);
    const wanted = Number(String(family ?? 0).replace('IPv', ''));
    const fitting = all.filter((address) => wanted === 0 || address.family === wanted);
    if (fitting.length > 0) return fitting;
    throw Object.assign(new Error('the host has no address of this family'), { code: 'ENOTFOUND' });
  }

  async #current(host: string): Promise<readonly LookupAddress[]> {
    const known = this.#known.get(host);
    const ageMs = known === undefined ? Infinity : performance.now() - known.atMs;
    if (known !== undefined && ageMs < this.freshMs && !known.isSuspect) return known.addresses;
    const asked = this.#ask(host);
    if (known === undefined || ageMs > OLDEST_MS) return asked;
    // The older address is kept for exactly this failure.
    const orKnown = asked.catch(() => known.addresses);
    return within(LIMIT_MS, orKnown, known.addresses);
  }

  /** One query at a time: each may occupy one of Node's few threads for many seconds. */
  #ask(host: string): Promise<readonly LookupAddress[]> {
    const asked =
      this.#asked.get(host) ??
      this.resolve(host)
        .then((addresses) => {
          this.#known.set(host, { addresses, atMs: performance.now() });
          return addresses;
        })
        .finally(() => this.#asked.delete(host));
    this.#asked.set(host, asked);
    return asked;
  }
}
