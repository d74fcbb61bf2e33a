import { Evaluator } from './crm-http.evaluator.js';

/** Bytes; one contact in full is mostly shorter. */
const ORDINARY_ANSWER = 16 * 1_024;

/**
 * Evaluates expressions on the answers to lookups. Those that are longer than ordinary ones go to a process of their own, begun with
 * the first of them: however long a CRM's long answers take, calls that it answers ordinarily do not wait for them.
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
