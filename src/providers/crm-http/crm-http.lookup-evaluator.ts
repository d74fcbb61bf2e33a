import { Evaluator } from './crm-http.evaluator.js';

/** Bytes; one complete contact is usually shorter. */
const ORDINARY_ANSWER = 16 * 1_024;

/**
 * Evaluates expressions on the answers to lookups. Long answers go to a second process, which is started with the
 * first of them: however long they take, calls with ordinary answers do not wait for them.
 */
export class LookupEvaluator implements Pick<Evaluator, 'open' | 'evaluate' | 'close'> {
  readonly #ordinary: Evaluator;
  readonly #long: Evaluator;

  /** As that of {@link Evaluator}. */
  constructor(...args: ConstructorParameters<typeof Evaluator>) {
    this.#ordinary = new Evaluator(...args);
    this.#long = new Evaluator(...args);
  }

  open(): Promise<void> {
    return this.#ordinary.open();
  }

  evaluate(...args: Parameters<Evaluator['evaluate']>): ReturnType<Evaluator['evaluate']> {
    const [body] = args;
    return (body.length > ORDINARY_ANSWER ? this.#long : this.#ordinary).evaluate(...args);
  }

  close(): void {
    this.#ordinary.close();
    this.#long.close();
  }
}
