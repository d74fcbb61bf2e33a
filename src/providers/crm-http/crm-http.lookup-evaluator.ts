import { Evaluator } from './crm-http.evaluator.js';

/** Bytes; one complete contact is usually shorter. */
const ORDINARY_ANSWER = 16 * 1_024;

/**
 * Evaluates expressions on the answers to lookups. Long answers go to a second process, which is started with the
 * first of them: however long they take, calls with ordinary answers do not wait for them.
 */
export class LookupEvaluator extends Evaluator {
  readonly #long: Evaluator;

  constructor(...args: ConstructorParameters<typeof Evaluator>) {
    super(...args);
    this.#long = new Evaluator(...args);
  }

  override evaluate(...args: Parameters<Evaluator['evaluate']>): ReturnType<Evaluator['evaluate']> {
    const [body] = args;
    return body.length > ORDINARY_ANSWER ? this.#long.evaluate(...args) : super.evaluate(...args);
  }

  override close(): void {
    super.close();
    this.#long.close();
  }
}
