import { VipLookupError } from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import { compileExpression, evaluateExpression, isNothing } from '../crm-http.mapping.js';

const NAMES = ['records', 'deleted', 'next', 'cursor'] as const;
type Name = (typeof NAMES)[number];
type Expression = ReturnType<typeof compileExpression>;

/** A page has hundreds of contacts, and the first one meets a process that has just started. */
const PAGE_MS = 5_000;

/** What expressions know besides the answer: `$page`, `$cursor`, `$started`. */
export type PageBindings = Readonly<{
  page: Json | undefined;
  cursor: Json | undefined;
  /** ISO 8601. */
  started: string;
}>;

/** The JSONata expressions that make sense of a page. */
export class PageExpressions {
  readonly #expressions: ReadonlyMap<Name, Expression>;
  readonly #error: Expression | undefined;

  /** @param errorPath of the provider */
  constructor(texts: Readonly<Partial<Record<Name, string | null>>>, errorPath: string | null | undefined) {
    this.#expressions = new Map(
      NAMES.flatMap((name) => {
        const text = texts[name];
        return text == null ? [] : [[name, compileExpression(text, PAGE_MS)] as const];
      }),
    );
    this.#error = errorPath == null ? undefined : compileExpression(errorPath);
  }

  /** @throws VipLookupError when the answer reports an error, or an expression cannot be evaluated */
  async read(answer: Json, bindings: PageBindings): Promise<Partial<Record<Name, Json>>> {
    const error = this.#error && (await evaluateExpression('errorPath', this.#error, answer, bindings));
    if (!isNothing(error)) throw new VipLookupError('the answer reports an error (errorPath)');
    const values: Partial<Record<Name, Json>> = {};
    for (const [name, expression] of this.#expressions) {
      const value = await evaluateExpression(`sync.${name}`, expression, answer, bindings);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }
}
