import { VipLookupBusyError } from '../../plugin-api/index.js';
import type { ProviderLogger } from '../../plugin-api/index.js';
import type { Evaluator } from './crm-http.evaluator.js';
import { LOOKUP_LIMITS, NotJsonError } from './crm-http.evaluator.js';
import { isNothing } from './crm-http.expressions.js';
import type { CrmHttpOptions } from './crm-http.options.js';
import { Pause, readRetryAfter } from './crm-http.pause.js';
import { TokenBucket } from './crm-http.rate-limit.js';
import { TEMPO } from './crm-http.tempo.js';

const HEALTH_REASONS = { turnedAway: 'lookups were turned away: rateLimit', paused: 'paused after HTTP' };

/**
 * How a request uses the rate limit: with a token that must be available (`take`), with one that may be owed (`owe`),
 * or with none, for health checks. A lookup that has begun may owe one, and so may the pull of a copy, which limits
 * its own rate.
 */
export type Spending = 'take' | 'owe' | 'none';

export interface RefusedAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** When its request was sent. */
  readonly askedMs: number;
}

/** Statuses that mean "not now" by themselves. */
const ALWAYS_BUSY = [429, 503];
/** How long health reports that the rate limit turned lookups away: longer than the interval of monitors. */
const TURNED_AWAY_SHOWN_MS = 30_000;
/** With a rate limit, a health check asks the CRM only if there was no successful answer for this long. */
const ANSWER_PROVES_MS = 60_000;

/** Keeps requests within a CRM's limits. Nothing waits: a request that is not allowed now is rejected at once. */
export class CrmLimits {
  readonly #bucket: TokenBucket | undefined;
  readonly #pause: Pause;
  #pausedBy = 0;
  #turnedAwayMs = -Infinity;
  #answeredMs = -Infinity;

  constructor(
    private readonly options: Pick<CrmHttpOptions, 'rateLimit' | 'limitReached'>,
    private readonly evaluator: Pick<Evaluator, 'evaluate'>,
    private readonly logger: ProviderLogger,
    readonly now = TEMPO.now,
  ) {
    this.#bucket = options.rateLimit == null ? undefined : new TokenBucket(options.rateLimit, now);
    this.#pause = new Pause(now);
  }

  /** Why lookups are turned away; `undefined` if they are not. */
  get trouble(): string | undefined {
    const { leftMs } = this.#pause;
    if (leftMs > 0) return this.#pauseText(leftMs);
    return this.now() - this.#turnedAwayMs < TURNED_AWAY_SHOWN_MS
      ? `${HEALTH_REASONS.turnedAway} (${this.options.rateLimit}) was used up`
      : undefined;
  }

  /** Whether a call was answered successfully so recently that a health check need not spend a request. */
  get isProven(): boolean {
    return this.#bucket !== undefined && this.now() - this.#answeredMs < ANSWER_PROVES_MS;
  }

  get readsBodies(): boolean {
    return this.options.limitReached != null;
  }

  /** @throws VipLookupBusyError during a pause */
  admit(): void {
    const { leftMs } = this.#pause;
    if (leftMs > 0) throw new VipLookupBusyError(this.#pauseText(leftMs), leftMs);
  }

  /** @throws VipLookupBusyError when nothing is left */
  spend(spending: Spending): void {
    if (this.#bucket === undefined || spending === 'none') return;
    if (spending === 'owe') return this.#bucket.owe();
    const waitMs = this.#bucket.take();
    if (waitMs === 0) return;
    const { rateLimit } = this.options;
    if (this.now() - this.#turnedAwayMs >= TURNED_AWAY_SHOWN_MS) {
      this.logger.warn({ rateLimit }, 'lookups are turned away: rateLimit is used up');
    }
    this.#turnedAwayMs = this.now();
    throw new VipLookupBusyError(`rateLimit (${rateLimit}) is used up`, waitMs);
  }

  /** @param askedMs when the successfully answered request was sent */
  answered(askedMs: number): void {
    this.#answeredMs = this.now();
    if (!this.#pause.isUnsettled) return;
    this.#pause.settled(askedMs);
    if (!this.#pause.isUnsettled) this.logger.info({}, 'the CRM answers again after a pause');
  }

  failed(): void {
    this.#answeredMs = -Infinity;
  }

  /** Whether status and headers alone ask for a pause. */
  isBusy({ status, retryAfter }: RefusedAnswer): boolean {
    return ALWAYS_BUSY.includes(status) || (status === 403 && readRetryAfter(retryAfter) !== undefined);
  }

  /** @throws VipLookupBusyError when the body asks for a pause */
  async heed(answer: RefusedAnswer, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const isReached = await this.evaluator
      .evaluate(body, ['limitReached'], {}, LOOKUP_LIMITS, signal)
      .then(({ values }) => !isNothing(values['limitReached']))
      .catch((error: unknown) => {
        if (error instanceof NotJsonError) return false;
        throw error;
      });
    if (isReached) this.pause(answer);
  }

  /** @throws VipLookupBusyError always */
  pause({ status, retryAfter, askedMs }: RefusedAnswer): never {
    const isFirst = !this.#pause.isUnsettled;
    this.#pause.begin(askedMs, readRetryAfter(retryAfter));
    this.#pausedBy = status;
    const { leftMs } = this.#pause;
    if (isFirst) {
      this.logger.warn(
        { status, pauseMs: Math.round(leftMs) },
        'the CRM asks for a pause; it gets no requests meanwhile',
      );
    }
    throw new VipLookupBusyError(`HTTP ${status}: no requests to the CRM for ${seconds(leftMs)}`, leftMs);
  }

  #pauseText(leftMs: number): string {
    return `${HEALTH_REASONS.paused} ${this.#pausedBy}, for ${seconds(leftMs)} more`;
  }
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1_000))} s`;
}
