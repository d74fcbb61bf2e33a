import { createHash } from 'node:crypto';
import { compileExpression, evaluateExpression, EvaluationError, isNothing } from './crm-http.expressions.js';
import type { Evaluated, Expressions, Question } from './crm-http.evaluator.js';

// The process in which a provider's answers are read and its expressions run; see crm-http.evaluator.ts.

/** A page has hundreds of contacts, and the first one meets a process that has just started. */
const PAGE_MS = 5_000;

let expressions: ReadonlyMap<string, ReturnType<typeof compileExpression>>;

process.on('message', (message: Expressions | Question) => {
  if ('body' in message) return void answer(message).then((evaluated) => process.send!(evaluated));
  expressions = new Map(
    Object.entries(message.expressions).map(([option, text]) => [
      option,
      option.startsWith('sync.') ? compileExpression(text, PAGE_MS) : compileExpression(text),
    ]),
  );
  process.send!('ready');
});
// However the service ends, and not before: it is asked as long as there is a call in hand.
process.on('disconnect', () => process.exit());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

async function answer({ body, options, bindings, maxCharacters }: Question): Promise<Evaluated> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(body)); // which takes a byte order mark away
  } catch {
    return { isJson: false };
  }
  const values: Record<string, string> = {};
  for (const option of options) {
    try {
      const value = await evaluateExpression(expressions.get(option)!, json, bindings);
      if (value === undefined) continue;
      if (value.length > maxCharacters)
        throw new EvaluationError(`yields more than ${maxCharacters} characters`);
      values[option] = value;
      if (option === 'errorPath' && !isNothing(JSON.parse(value))) break;
    } catch (error) {
      const reason = error instanceof EvaluationError ? error.message : 'failed';
      return { isJson: true, problem: `mapping: ${option} ${reason}` };
    }
  }
  const digest = createHash('sha256').update(body).digest('base64url');
  return { isJson: true, values, content: { digest, isEmpty: isEmpty(json) } };
}

/** Whether no list in it holds anything. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return typeof value !== 'object' || value === null || Object.values(value).every(isEmpty);
}
