import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import { describeFailure } from '../lookup/describe-failure.js';
import type { GuardedProvider } from '../lookup/guarded-provider.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import type { EntryTally } from '../plugin-api/entry-tally.js';
import type { VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import { judgeEntries } from './never-match.js';
import type { NeverMatching } from './never-match.js';
import type { TargetsConfig } from './targets.config.js';

/** Entries expire without anybody changing anything. */
const AGAIN_MS = 3_600_000;

/**
 * Tells which entries of the providers can never match: counts them when they have changed, and judges them by the routes
 * whenever either has. See docs/adr/0047-nothing-dead-without-a-word.md.
 */
@Injectable()
export class EntryCensus implements OnApplicationShutdown {
  readonly #changed = new WeakSet<VipLookupProvider>();
  readonly #tallies = new WeakMap<VipLookupProvider, EntryTally>();
  /** Name -> what was last logged of it. */
  readonly #logged = new Map<string, string>();
  readonly #closing = new AbortController();
  /** Those that are being examined, and whether that is to be done once more. A plug-in may never come to an end. */
  readonly #underWay = new WeakMap<VipLookupProvider, { again: boolean }>();
  #timer: NodeJS.Timeout | undefined;
  #isQueued = false;

  constructor(
    private readonly live: LiveConfig<TargetsConfig>,
    private readonly registry: ProviderRegistry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    registry.entriesChanged = (provider) => {
      this.#changed.add(provider);
      this.#due();
    };
  }

  /** From now on, since calls come first: until the service takes them, nothing is counted. */
  start(): void {
    this.live.onSwap(() => this.#due());
    this.#timer = setInterval(() => this.#due(), AGAIN_MS).unref();
    this.#due();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
  }

  /** In a turn of its own: another configuration is in use as soon as its providers are, too. */
  #due(): void {
    if (this.#timer === undefined || this.#isQueued) return;
    this.#isQueued = true;
    setImmediate(() => {
      this.#isQueued = false;
      for (const guarded of this.registry.all()) void this.#examineAlone(guarded);
    });
  }

  async #examineAlone(guarded: GuardedProvider): Promise<void> {
    const { provider } = guarded;
    const before = this.#underWay.get(provider);
    if (before !== undefined) return void (before.again = true);
    const now = { again: true };
    this.#underWay.set(provider, now);
    while (now.again && !this.#closing.signal.aborted) {
      now.again = false;
      await this.#examine(guarded);
    }
    this.#underWay.delete(provider);
  }

  /** Never rejects. */
  async #examine(guarded: GuardedProvider): Promise<void> {
    const { name, provider, troubles } = guarded;
    const { signal } = this.#closing;
    try {
      if (this.#changed.delete(provider)) {
        const counted = await this.#count(provider);
        if (counted !== undefined) this.#tallies.set(provider, counted);
      }
      const tally = this.#tallies.get(provider);
      if (tally === undefined) return;
      const { targets } = this.live.current;
      const found = await judgeEntries(tally, { targets, providers: [name], nowMs: Date.now() });
      const since = found.faults.length === 0 ? undefined : new Date().toISOString();
      troubles.neverMatch = { ...found, since: since && (troubles.neverMatch?.since ?? since) };
      this.#log(name, found);
    } catch (error) {
      if (signal.aborted || !this.registry.all().includes(guarded)) return;
      this.logger.warn(
        { provider: name, reason: describeFailure(error) },
        'the entries of a provider could not be counted',
      );
    }
  }

  async #count(provider: VipLookupProvider): Promise<EntryTally | undefined> {
    try {
      return await provider.countEntries?.(this.#closing.signal);
    } catch (error) {
      // The next turn tries again.
      this.#changed.add(provider);
      throw error;
    }
  }

  #log(name: string, { entries, faults, notes }: NeverMatching): void {
    const neverMatch = [...faults, ...notes];
    const text = neverMatch.join('\n');
    if ((this.#logged.get(name) ?? '') === text) return;
    this.#logged.set(name, text);
    const fields = { provider: name, entries, neverMatch };
    if (faults.length > 0) this.logger.warn(fields, 'some entries can never match');
    else if (notes.length > 0) this.logger.info(fields, 'some entries can never match');
    else this.logger.info({ provider: name, entries }, 'all entries can match again');
  }
}
