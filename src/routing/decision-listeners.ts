import type { HttpException } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import type { ClientCredential } from '../auth/credential-store.js';
import { afterAnswers } from '../http/end-of-turn.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import type { Call, Decision, Reason } from './decision.js';

/** What became of a request with the right credentials. */
export interface Outcome {
  readonly client: ClientCredential;
  /** Core's, masked where it is a telephone number, or one of ours. */
  readonly callId: string;
  readonly reason: Reason;
  /** Of the answer. */
  readonly status: number;
  /** Milliseconds from the request's headers to the answer. */
  readonly ms: number;
  readonly traceId: string | undefined;
  /** Absent: the request was shed, refused, or met a defect. */
  readonly call?: Call | undefined;
  readonly decision?: Decision | undefined;
  readonly refusal?: HttpException | undefined;
  /** An error of ours: the call went on untouched, somebody has to look. */
  readonly defect?: unknown;
}

/** Keeps account of decisions: a log, metrics, a history. */
export interface DecisionListener {
  /** Called once a request, when its answer has been sent. */
  told(outcome: Outcome): void;
}

/** Whoever wants to be told of decisions, which nobody who decides needs to know. */
@Injectable()
export class DecisionListeners {
  readonly #all: DecisionListener[] = [];

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  add(listener: DecisionListener): void {
    this.#all.push(listener);
  }

  /** Tells them behind the answers of this turn, which no listener delays. What one of them throws is logged. */
  tell(outcome: Outcome): void {
    afterAnswers(() => {
      for (const listener of this.#all) {
        try {
          listener.told(outcome);
        } catch (error) {
          this.logger.error({ callId: outcome.callId, error }, 'decision was not recorded');
        }
      }
    });
  }
}
