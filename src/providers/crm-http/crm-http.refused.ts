import { VipLookupError } from '../../plugin-api/index.js';
import type { ProviderLogger } from '../../plugin-api/index.js';
import { Pause } from './crm-http.pause.js';
import { TEMPO } from './crm-http.tempo.js';

const HEALTH_REASON = 'the CRM refuses the credentials';

/** As for access tokens: many systems lock an account after a few attempts. */
const PAUSES = { firstMs: 30_000, lastMs: 15 * 60_000 };

/** The CRM refuses the credentials, so an immediate repetition does nothing but harm. */
export class RefusedError extends VipLookupError {}

/**
 * Keeps a password or key that never changes from being sent again and again after the CRM has refused it. After each pause one
 * request tries it, until one is accepted.
 */
export class RefusedCredentials {
  readonly #pause: Pause;
  #status = 0;
  #isTrying = false;

  constructor(
    private readonly logger: ProviderLogger,
    now = TEMPO.now,
  ) {
    this.#pause = new Pause(now, PAUSES);
  }

  /** Why requests fail now; `undefined` if they do not. */
  get trouble(): string | undefined {
    const { leftMs, isUnsettled } = this.#pause;
    if (!isUnsettled) return undefined;
    // Without a pause a health check may be the request that tries them.
    if (leftMs === 0) return this.#isTrying ? `${this.#text}; they are being tried again` : undefined;
    return `${this.#text}; they are tried again in ${Math.ceil(leftMs / 1_000)} s. Check auth`;
  }

  /**
   * To be called before a request.
   * @returns to be called when it has ended, however it did
   * @throws RefusedError during a pause, and while another request tries the credentials
   */
  admit(): () => void {
    const { trouble } = this;
    if (trouble !== undefined) throw new RefusedError(trouble);
    if (!this.#pause.isUnsettled) return () => undefined;
    this.#isTrying = true;
    return () => {
      this.#isTrying = false;
    };
  }

  /** @param askedMs when the refused request was sent */
  refused(status: number, askedMs: number): RefusedError {
    const isFirst = !this.#pause.isUnsettled;
    this.#pause.begin(askedMs, undefined);
    this.#status = status;
    const pauseMs = Math.round(this.#pause.leftMs);
    if (isFirst) {
      this.logger.error(
        { status, pauseMs },
        'the CRM refuses the credentials; it gets no requests meanwhile',
      );
    }
    return new RefusedError(`HTTP ${status}`);
  }

  /** @param askedMs when the request was sent that the CRM did not refuse */
  accepted(askedMs: number): void {
    if (!this.#pause.isUnsettled) return;
    this.#pause.settled(askedMs);
    if (!this.#pause.isUnsettled) this.logger.info({}, 'the CRM accepts the credentials again');
  }

  get #text(): string {
    return `${HEALTH_REASON} (HTTP ${this.#status})`;
  }
}
