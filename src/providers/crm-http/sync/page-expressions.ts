import type { Json } from '../../../plugin-api/index.js';
import type { CrmHttpOptions } from '../crm-http.options.js';
import { SYNC_DEFAULTS } from './sync.options.js';
import type { Content, EvaluationLimits, Evaluator } from '../crm-http.evaluator.js';

const OPTIONS = ['errorPath', 'sync.records', 'sync.deleted', 'sync.next', 'sync.cursor'];

/** What an expression may yield of a page, in parts of the largest answer: contacts may be told at more length than they were. */
const LONGER = 4;
/** 12 s. */
const MAX_TICKS = 120;

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
  readonly #limits: EvaluationLimits;

  /** @param maxResponseBytes size of the largest answer */
  constructor(
    private readonly evaluator: Pick<Evaluator, 'evaluate'>,
    maxResponseBytes: number,
  ) {
    this.#limits = { maxTicks: MAX_TICKS, maxCharacters: LONGER * maxResponseBytes };
  }

  /** @throws VipLookupError when the answer is not JSON or reports an error, or an expression cannot be evaluated */
  async read(body: Uint8Array, bindings: PageBindings, signal: AbortSignal): Promise<PageValues> {
    const { values, content } = await this.evaluator.evaluate(body, OPTIONS, bindings, this.#limits, signal);
    return {
      records: values['sync.records'],
      deleted: values['sync.deleted'],
      next: values['sync.next'],
      cursor: values['sync.cursor'],
      content: content!,
    };
  }
}

/** As the evaluator wants them. */
export function pageExpressionsOf({
  errorPath,
  sync,
}: CrmHttpOptions): Record<string, string | null | undefined> {
  return {
    errorPath,
    'sync.records': sync?.records,
    'sync.next': sync?.next,
    'sync.deleted': sync?.deleted,
    'sync.cursor': sync?.cursor ?? SYNC_DEFAULTS.cursor,
  };
}
