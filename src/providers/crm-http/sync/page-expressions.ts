import type { Json } from '../../../plugin-api/index.js';
import { PAGE_EVALUATION } from '../crm-http.evaluator.js';
import type { Content, Evaluator } from '../crm-http.evaluator.js';

const OPTIONS = ['errorPath', 'sync.records', 'sync.deleted', 'sync.next', 'sync.cursor'];

/** What expressions know besides the answer: `$page`, `$cursor`, `$started`. */
export type PageBindings = Readonly<{
  page: Json | undefined;
  cursor: Json | undefined;
  /** ISO 8601. */
  started: string;
}>;

/** What the expressions make of a page; what yields nothing is `undefined`. */
export interface PageValues {
  readonly records: Json | undefined;
  readonly deleted: Json | undefined;
  readonly next: Json | undefined;
  readonly cursor: Json | undefined;
  readonly content: Content;
}

/** The JSONata expressions that make sense of a page. */
export class PageExpressions {
  constructor(private readonly evaluator: Pick<Evaluator, 'evaluate'>) {}

  /** @throws VipLookupError when the answer is no JSON or reports an error, or an expression cannot be evaluated */
  async read(body: Uint8Array, bindings: PageBindings, signal: AbortSignal): Promise<PageValues> {
    const { values, content } = await this.evaluator.evaluate(
      body,
      OPTIONS,
      bindings,
      PAGE_EVALUATION,
      signal,
    );
    return {
      records: values['sync.records'],
      deleted: values['sync.deleted'],
      next: values['sync.next'],
      cursor: values['sync.cursor'],
      content,
    };
  }
}
