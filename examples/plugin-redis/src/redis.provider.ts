import { readVipRecord, VipLookup, VipLookupError, VipRecordError } from 'smartrouting-vip/plugin-api';
import type { Caller, ProviderContext, ProviderStatus, VipLookupProvider } from 'smartrouting-vip/plugin-api';
import { RedisLink } from './redis-link.js';
import { RedisOptions } from './redis.options.js';

/** Finds VIPs in Redis: a hash for each number, `HSET vip:+358501231234 tier gold name Aino`. */
@VipLookup({ kind: 'redis', options: RedisOptions })
export class RedisProvider implements VipLookupProvider {
  readonly #link: RedisLink;

  constructor(private readonly context: ProviderContext<RedisOptions>) {
    const { url, ca } = context.options;
    if (ca !== undefined && !url.startsWith('rediss:')) {
      throw new VipLookupError('ca is for TLS, which needs a url that begins with rediss:');
    }
    this.#link = new RedisLink(url, ca === undefined ? undefined : context.resolvePath(ca));
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  async lookup(caller: Caller, signal: AbortSignal) {
    const key = this.context.options.prefix + escaped(caller.key);
    const fields = await this.#link.ask((redis) => redis.hGetAll(key), signal);
    if (Object.keys(fields).length === 0) return null; // Redis has no empty hashes: there is no such key
    try {
      const { country, timezone } = this.context;
      return readVipRecord(fields, { number: caller.key, country, timezone });
    } catch (error) {
      if (!(error instanceof VipRecordError)) throw error;
      throw new VipLookupError(`the caller's hash is not usable, ${error.message}`);
    }
  }

  async check(signal: AbortSignal): Promise<ProviderStatus> {
    await this.#link.ask((redis) => redis.ping(), signal);
    return { status: 'up' };
  }
}

/** A telephone number as it is; of other texts all but letters, digits and `-_.!~*'()` as %XX, so that none reaches into other keys. */
function escaped(number: string): string {
  return encodeURIComponent(Buffer.from(number).toString()).replace(/^%2B/, '+');
}
