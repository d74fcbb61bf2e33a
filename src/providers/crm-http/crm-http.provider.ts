import { Inject, Optional } from '@nestjs/common';
import examples from 'libphonenumber-js/mobile/examples';
import { getExampleNumber } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';
import {
  Caller,
  isWithheldNumber,
  MAX_NUMBER_LENGTH,
  VipLookup,
  VipLookupError,
  withTimeLimit,
} from '../../plugin-api/index.js';
import type {
  EntryTally,
  Json,
  ProviderContext,
  ProviderStatus,
  SyncOptions,
  SyncReport,
  VipAnswer,
  VipLookupProvider,
  VipRecord,
} from '../../plugin-api/index.js';
import { Evaluator, LOOKUP_LIMITS } from './crm-http.evaluator.js';
import { LookupEvaluator } from './crm-http.lookup-evaluator.js';
import { CrmLimits } from './crm-http.limits.js';
import type { Spending } from './crm-http.limits.js';
import { makeAuth } from './crm-http.make-auth.js';
import { explainContacts, RecordMapping } from './crm-http.mapping.js';
import { bestFirst, isBest, withoutRepeats } from './crm-http.matching.js';
import { CrmHttpOptions, DEFAULTS } from './crm-http.options.js';
import { completeOptions } from './crm-http.preset.js';
import { RefusedCredentials } from './crm-http.refused.js';
import { RequestTemplate } from './crm-http.request.js';
import type { CrmRequest } from './crm-http.request.js';
import { readSize, splitUrl } from './crm-http.rules.js';
import { CRM_TEMPO, TEMPO } from './crm-http.tempo.js';
import type { CrmTempo } from './crm-http.tempo.js';
import { spellingsOf } from './crm-http.templates.js';
import type { Spellings } from './crm-http.templates.js';
import { LOGIN_TOKEN } from './session/session-login.js';
import { adviseSync, SYNC_DEFAULTS } from './sync/sync.options.js';
import { makeCopy, pageExpressionsOf } from './sync/make-copy.js';
import type { SyncedCopy } from './sync/synced-copy.js';
import { CrmTransport, MAX_LOOKUPS } from './crm-http.transport.js';

const HEALTH_REASON = 'calls are decided from the copy alone';

/** Reserved for fiction in North America, so nobody's number. Health checks ask for it if no country is configured. */
const NOBODYS_NUMBER = '+12025550123';

/** Asks a CRM, or any other JSON API over HTTP, who is calling. */
@VipLookup({
  kind: 'crm-http',
  options: CrmHttpOptions,
  completedBy: 'preset',
  complete: completeOptions,
  advise: adviseSync,
})
export class CrmHttpProvider implements VipLookupProvider {
  /** A lookup that waits for a connection is waiting for its turn, which does not count against the CRM. */
  readonly maxConcurrent = MAX_LOOKUPS;
  /** Of the copy, where there is to be one. */
  readonly countEntries?: (signal: AbortSignal) => Promise<EntryTally | undefined>;
  readonly #template: RequestTemplate;
  readonly #evaluator: LookupEvaluator;
  /** Its own process, so that no call waits for a page; started with the first page. */
  readonly #pageEvaluator: Evaluator;
  readonly #mapping: RecordMapping;
  readonly #limits: CrmLimits;
  readonly #transport: CrmTransport;
  readonly #copy: SyncedCopy | undefined;
  #hasToldLeftPath = false;

  constructor(
    private readonly context: ProviderContext<CrmHttpOptions>,
    @Optional() @Inject(CRM_TEMPO) private readonly tempo: CrmTempo = TEMPO,
  ) {
    const { options } = context;
    this.#template = new RequestTemplate(options, () => this.#tellLeftPath());
    const { record, errorPath, limitReached } = options;
    const maxResponseBytes = readSize(options.maxResponseSize ?? DEFAULTS.maxResponseSize)!;
    this.#evaluator = new LookupEvaluator(
      { record, errorPath, limitReached, [LOGIN_TOKEN]: options.auth?.login?.token },
      maxResponseBytes,
    );
    this.#pageEvaluator = new Evaluator(pageExpressionsOf(options), maxResponseBytes);
    this.#mapping = new RecordMapping(options.record, options);
    this.#limits = new CrmLimits(options, this.#evaluator, context.logger, tempo.now);
    this.#transport = new CrmTransport(splitUrl(options.url)!.origin, {
      notFound: options.notFound?.status ?? DEFAULTS.notFoundStatus,
      maxResponseBytes,
      auth: makeAuth(options.auth, context, this.#evaluator, tempo),
      limits: this.#limits,
      refused: new RefusedCredentials(context.logger, tempo.now),
      tempo,
    });
    const copy = makeCopy(context, this.#transport, this.#pageEvaluator, tempo);
    this.#copy = copy;
    if (copy !== undefined) this.countEntries = (signal) => copy.countEntries(signal);
  }

  /** Makes a connection, obtains the credentials and loads the copy, so that they are ready for the first call. */
  async open(): Promise<void> {
    const warm = Promise.all([this.#evaluator.open(), this.#transport.open()]);
    if (this.#copy === undefined) return void (await warm);
    // With a copy, calls are answered although the CRM is down; `check` reports that.
    const [copy] = await Promise.allSettled([this.#copy.open(), warm]);
    if (copy.status === 'rejected') throw copy.reason;
  }

  /** The copy's records of the caller; `null` if there are none and the CRM is not asked either. */
  recall(caller: Caller): VipAnswer | undefined {
    if (this.#copy === undefined) return undefined;
    const records = this.#copy.find(caller);
    if (records.length > 0) return bestFirst(records, this.context.options.tierOrder ?? []);
    return this.#isLive || !this.#copy.isLoaded ? undefined : null;
  }

  lookup(caller: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer> {
    const recalled = this.recall(caller);
    if (recalled !== undefined) return recalled;
    if (!this.#isLive) throw new VipLookupError(this.#copy?.status().reason ?? 'there is no copy yet');
    return this.#askLive(caller, signal);
  }

  async #askLive(caller: Caller, signal: AbortSignal): Promise<VipAnswer> {
    const begunMs = performance.now();
    let spending: Spending = 'take';
    const known = spellingsOf(caller);
    const requests = this.#requests(caller, known);
    for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
      const records = await this.#ask(request, caller, known, signal, spending);
      if (records.length > 0) {
        const passedMs = performance.now() - begunMs;
        const limitMs = Math.min(passedMs + this.tempo.twinsMs, (this.context.timeoutMs - passedMs) / 2);
        return this.#withTwins(records, limitMs, (limited) =>
          requests.map((further) => this.#ask(further, caller, known, limited, 'owe')),
        );
      }
      // A lookup that has begun may ask for all spellings.
      spending = 'owe';
    }
    return null;
  }

  /**
   * Where `tierOrder` decides between contacts, another one may be stored in a further spelling. What was found is never
   * given up for it, so a failure or a late answer counts as no contact.
   */
  async #withTwins(
    found: VipRecord[],
    limitMs: number,
    ask: (signal: AbortSignal) => Promise<VipRecord[]>[],
  ): Promise<VipRecord[]> {
    const { tierOrder } = this.context.options;
    if (tierOrder == null || isBest(found[0]!, tierOrder) || limitMs <= 0) return found;
    const twins = await withTimeLimit(limitMs, [], (limited) =>
      Promise.all(ask(limited).map((asked) => asked.catch(() => []))),
    );
    return bestFirst(withoutRepeats([...found, ...twins.flat()]), tierOrder);
  }

  /** The state of the copy, and whether the CRM answers if calls ask it. */
  async check(signal: AbortSignal): Promise<ProviderStatus> {
    const copy = this.#copy?.status();
    if (copy === undefined) return this.#checkLive(signal);
    if (copy.status !== 'up' || !this.#isLive) return copy;
    try {
      return { ...copy, ...(await this.#checkLive(signal)) };
    } catch (error) {
      if (!(error instanceof VipLookupError)) throw error;
      const reason = `${HEALTH_REASON}: ${signal.aborted ? 'no answer in time' : error.message}`;
      return { ...copy, status: 'degraded', reason };
    }
  }

  /** Makes the same request as a lookup, about a number that should belong to nobody; any readable answer will do. */
  async #checkLive(signal: AbortSignal): Promise<ProviderStatus> {
    const { trouble } = this.#transport;
    if (trouble !== undefined) return { status: 'degraded', reason: trouble };
    if (this.#limits.isProven) return { status: 'up' };
    const probe = Caller.read(this.#probe(), this.context.country);
    const known = spellingsOf(probe);
    const [request] = this.#requests(probe, known);
    if (request === undefined) {
      throw new VipLookupError(
        'the number that health checks ask for has none of the spellings that the request needs; set probe to a number of your country',
      );
    }
    await this.#ask(request, probe, known, signal, 'none');
    return { status: 'up' };
  }

  async sync(options: SyncOptions): Promise<SyncReport | undefined> {
    if (this.#copy === undefined) {
      throw new VipLookupError(
        'it has no copy: write for example sync: { every: 15m } and, if its preset does not contain them, full and records',
      );
    }
    return this.#copy.pull(options);
  }

  async explain(asked: Caller, signal: AbortSignal): Promise<string> {
    if (!this.#isLive) return 'no contact of the copy has this number';
    const { country } = this.context;
    const caller = asked.seenFrom(country);
    const known = spellingsOf(caller);
    for (const request of this.#requests(caller, known)) {
      const said = explainContacts(await this.#yield(request, known, signal, 'owe'), caller, country);
      if (said !== undefined) return said;
    }
    return 'it found no contact';
  }

  entries(): number | undefined {
    return this.#copy?.status().entries;
  }

  copyAgeSeconds(): number | undefined {
    return this.#copy?.ageSeconds;
  }

  async close(): Promise<void> {
    // In parallel: a pull that ends slowly must not use up the time in which a new refresh token is stored.
    try {
      await Promise.all([this.#copy?.close(), this.#transport.close()]);
    } finally {
      this.#evaluator.close();
      this.#pageEvaluator.close();
    }
  }

  /** Whether the CRM is asked about callers who are not in the copy. */
  get #isLive(): boolean {
    return this.#copy === undefined || (this.context.options.sync?.live ?? SYNC_DEFAULTS.live);
  }

  /** The requests for this caller, in order; none for a caller that cannot be written in a request. */
  #requests(caller: Caller, known: Spellings): CrmRequest[] {
    if (isWithheldNumber(caller.text) || caller.text.length > MAX_NUMBER_LENGTH) return [];
    const numbers = caller.spellings(this.context.options.spellings ?? DEFAULTS.spellings);
    if (numbers.length === 0) {
      // What a filter makes of a spelling that the caller lacks may be a search for everybody (`prepend: "%"`).
      const isAsked = this.#template.uses('caller.text') || this.#template.isFixed;
      return isAsked && !this.#template.uses('numbers')
        ? [this.#template.fill({ caller: known }) ?? []].flat()
        : [];
    }
    return (this.#template.uses('number') ? numbers : numbers.slice(0, 1))
      .map((number) => this.#template.fill({ number, numbers, caller: known }))
      .filter((request) => request !== undefined);
  }

  async #ask(
    request: CrmRequest,
    caller: Caller,
    known: Spellings,
    signal: AbortSignal,
    spending: Spending,
  ): Promise<VipRecord[]> {
    const value = await this.#yield(request, known, signal, spending);
    return this.#mapping.read(value, caller, this.context, (skipped, problem) =>
      this.context.logger.warn(
        { skipped, problem },
        'contacts of an answer that cannot be read were left out',
      ),
    );
  }

  /** What the expression `record` yields of the answer. */
  async #yield(
    request: CrmRequest,
    known: Spellings,
    signal: AbortSignal,
    spending: Spending,
  ): Promise<Json | undefined> {
    const bindings = { caller: known };
    const answer = await this.#transport.ask(request, signal, spending, (body) =>
      this.#evaluator.evaluate(body, ['errorPath', 'record'], bindings, LOOKUP_LIMITS, signal),
    );
    return answer?.values['record'];
  }

  /** Logged only once: somebody who calls as `../admin` may call a thousand times. */
  #tellLeftPath(): void {
    if (this.#hasToldLeftPath) return;
    this.#hasToldLeftPath = true;
    this.context.logger.warn(
      {},
      'a caller was not looked up, because its text would leave the path of url; further ones are not logged',
    );
  }

  #probe(): string {
    const { options, country } = this.context;
    const example = country === undefined ? undefined : getExampleNumber(country as CountryCode, examples);
    return options.probe ?? example?.number ?? NOBODYS_NUMBER;
  }
}
