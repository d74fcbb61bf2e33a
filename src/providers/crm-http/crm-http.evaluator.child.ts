import { createHash } from 'node:crypto';
import { asWritten, numbersWithExponent } from './crm-http.exponents.js';
import { compileExpression, evaluateExpression, EvaluationError, isNothing } from './crm-http.expressions.js';
import type { Content, Evaluated, Question } from './crm-http.evaluator.js';
import { readsXml, readXml, XmlError, xmlFault } from './crm-http.xml.js';
import type { XmlElement } from './crm-http.xml.js';
import { shapeOf } from './sync/page-shape.js';

// The process in which a provider's answers are read and its expressions run; see crm-http.evaluator.ts.

/** A page has hundreds of contacts, and the first one is read by a process that has just started. */
const PAGE_MS = 10_000;
/** Longer lists are handed over in parts. */
const PART_CHARACTERS = 64 * 1_024;

let expressions: ReadonlyMap<string, ReturnType<typeof compileExpression>>;
let mayBeXml = false;

process.on('message', (message: Question | { expressions: Readonly<Record<string, string>> }) => {
  if ('body' in message) return void answer(message).then((evaluated) => process.send!(evaluated));
  mayBeXml = Object.values(message.expressions).some(readsXml);
  expressions = new Map(
    Object.entries(message.expressions).map(([option, text]) => [
      option,
      option.startsWith('sync.') ? compileExpression(text, PAGE_MS) : compileExpression(text),
    ]),
  );
  process.send!('ready');
});
// Ends when the service ends, for whatever reason, and not before: it is needed as long as calls are in progress.
process.on('disconnect', () => process.exit());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

async function answer(question: Question): Promise<Evaluated> {
  let json: unknown;
  let written: ReadonlyMap<string, string> = new Map();
  const isFailure = question.options.includes('limitReached');
  try {
    json = mayBeXml ? readXml(question.body) : undefined;
    const fault = json === undefined || isFailure ? undefined : xmlFault(json as XmlElement);
    if (fault !== undefined) return { problem: `the answer reports an error (${fault})` };
  } catch (error) {
    const reason = error instanceof XmlError ? error.message : 'it is not well-formed';
    return isFailure ? 'not JSON' : { problem: `the answer is XML that cannot be read: ${reason}` };
  }
  try {
    if (json === undefined) [json, written] = readJson(question.body);
  } catch {
    return 'not JSON';
  }
  const isPage = question.options.includes('sync.records');
  const values: Record<string, string | string[]> = {};
  let records: string | undefined;
  let option = '';
  try {
    for (option of question.options) {
      const evaluated = await evaluateExpression(expressions.get(option)!, json, question.bindings);
      if (evaluated === undefined) continue;
      const text = asWritten(evaluated, written);
      if (text.length > question.maxCharacters)
        throw new EvaluationError(`yields more than ${question.maxCharacters} characters`);
      if (option === 'sync.records') records = text;
      values[option] = isPage ? inParts(text) : text;
      if (option === 'errorPath' && !isNothing(JSON.parse(text))) break;
    }
    return { values, content: isPage ? contentOf(question, json, records) : undefined };
  } catch (error) {
    const reason = error instanceof EvaluationError ? error.message : 'failed';
    return { problem: `mapping: ${option} ${reason}` };
  }
}

function readJson(body: Uint8Array): [json: unknown, written: ReadonlyMap<string, string>] {
  const text = new TextDecoder().decode(body); // which takes a byte order mark away
  return [JSON.parse(text), numbersWithExponent(text)];
}

/** The text of a long list as texts of short ones. */
function inParts(text: string): string | string[] {
  if (text.length < PART_CHARACTERS || !text.startsWith('[')) return text;
  const list = JSON.parse(text) as unknown[];
  const perPart = Math.max(1, Math.floor((list.length * PART_CHARACTERS) / text.length));
  const parts: string[] = [];
  for (let from = 0; from < list.length; from += perPart) {
    parts.push(JSON.stringify(list.slice(from, from + perPart)));
  }
  return parts;
}

function contentOf({ body, options }: Question, json: unknown, records: string | undefined): Content {
  const isList =
    records !== undefined && records.startsWith('[') && (JSON.parse(records) as unknown[]).length > 1;
  return {
    digest: digest(body),
    recordsDigest: isList ? digest(records) : undefined,
    isEmpty: isEmpty(json),
    shape: shapeOf(json, !options.includes('errorPath')),
  };
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url');
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return typeof value !== 'object' || value === null || Object.values(value).every(isEmpty);
}
