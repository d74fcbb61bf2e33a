import { LRUCache } from 'lru-cache';
import { clientGroup } from '../http/networks.js';

const MAX_FAILURES = 20;
const WINDOW_MS = 60_000;
/** With 20 times of 8 bytes each, some 2 MB at most. */
const MAX_CLIENTS = 10_000;

/** Counts failed logins per client over the last minute. A client is an IPv4 address or an IPv6 /64. */
export class LoginThrottle {
  /** Client -> times of its latest failures, oldest first, never more than `MAX_FAILURES`. */
  readonly #failures = new LRUCache<string, number[]>({ max: MAX_CLIENTS });

  /** @param now milliseconds of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Counts one failed login.
   * @returns 0 while the client has had at most 20 within a minute; otherwise the whole seconds (1 to 60) until the next
   *   failure would be within that limit again
   */
  failed(address: string | undefined): number {
    const now = this.now();
    const client = clientGroup(address);
    const recent = (this.#failures.get(client) ?? []).filter((at) => at > now - WINDOW_MS);
    recent.push(now);
    const over = recent.length > MAX_FAILURES;
    if (over) recent.shift();
    this.#failures.set(client, recent);
    return over ? Math.max(1, Math.ceil((recent[0]! + WINDOW_MS - now) / 1000)) : 0;
  }
}
