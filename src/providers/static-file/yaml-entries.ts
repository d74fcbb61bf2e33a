import { Composer, isMap, isNode, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml';
import type { CST, Document, Node } from 'yaml';
import { limitOfTokens } from './entry-limits.js';
import type { LineProblems } from './line-problems.js';
import type { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { joinAliases, unfoldsTooFar } from './yaml-aliases.js';

const LEXEMES_BETWEEN_PAUSES = 512;
const ENTRIES_AT_A_TIME = 50;
const MEANINGLESS = new Set<CST.Token['type']>(['comment', 'newline', 'space']);
const NO_LIST = 'the file must be a list: each entry begins with - and has a number and a tier';
const UNFOLDS =
  'has aliases (*name) that unfold to too much, or to what they stand in; write the values themselves';

type List = CST.BlockSequence | CST.FlowCollection;

/** Where it is told what is not read of a list. */
export type YamlRemarks = Readonly<Record<'problems' | 'leftOut', Pick<LineProblems, 'add'>>>;

/**
 * Reads the entries of a YAML list; what cannot be read is added to `problems`, what is too large left out. For a list of any
 * length see `yaml-process.ts`.
 */
export async function* yamlEntries(
  text: string,
  { problems, leftOut }: YamlRemarks,
  pace: Pace,
): AsyncGenerator<RawEntry> {
  const counter = new LineCounter();
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const { tokens, hasAlias } = await tokenize(text, counter, pace);
  const documents = tokens.filter((token) => token.type === 'document');
  const [document, second] = documents;
  if (document === undefined) {
    return problems.add(1, '', 'the file is empty; an empty list is written []');
  }
  if (second !== undefined) {
    return problems.add(lineAt(second.offset), '', 'a second document begins here; write one list');
  }
  if (!isList(document.value)) return problems.add(lineAt(document.offset), '', NO_LIST);
  const tooLarge = leaveOutTooLarge(document.value);
  const whole = hasAlias || tokens.some((token) => token.type === 'error');
  for (const part of partsOf(document, document.value, whole)) {
    if (pace.isDue) await pace.makeWay();
    const stream = tokens.map((token) => (token === document ? part : token));
    for (const composed of new Composer({ prettyErrors: false }).compose(stream)) {
      for (const { code, pos } of composed.errors) {
        problems.add(lineAt(pos[0]), '', `is not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`);
      }
      if (composed.errors.length > 0) continue;
      if (!isSeq<Node>(composed.contents)) return problems.add(lineAt(document.offset), '', NO_LIST);
      const { items } = composed.contents;
      const offsets = items.map((node) => node.range?.[0] ?? document.offset);
      const dangling = hasAlias ? joinAliases(composed) : [];
      for (const alias of dangling) {
        problems.add(lineAt(alias), '', 'has an alias (*name) before or without its anchor (&name)');
      }
      if (dangling.length > 0) return;
      for (const [at, node] of items.entries()) {
        const line = lineAt(offsets[at]!);
        const limit = tooLarge.get(offsets[at]!);
        if (limit !== undefined) leftOut.add(line, '', limit);
        else if (hasAlias && unfoldsTooFar(node)) problems.add(line, '', UNFOLDS);
        else yield { line, fields: fieldsOf(node, composed) };
      }
    }
  }
}

async function tokenize(
  text: string,
  counter: LineCounter,
  pace: Pace,
): Promise<{ tokens: CST.Token[]; hasAlias: boolean }> {
  const parser = new Parser(counter.addNewLine);
  const tokens: CST.Token[] = [];
  let hasAlias = false;
  let count = 0;
  counter.addNewLine(0);
  const keep = (found: Iterable<CST.Token>) => {
    for (const token of found) if (!MEANINGLESS.has(token.type)) tokens.push(token);
  };
  for (const lexeme of new Lexer().lex(text)) {
    hasAlias ||= lexeme.startsWith('*');
    keep(parser.next(lexeme));
    if (++count % LEXEMES_BETWEEN_PAUSES === 0 && pace.isDue) await pace.makeWay();
  }
  keep(parser.end());
  return { tokens, hasAlias };
}

function isList(token: CST.Token | undefined): token is List {
  return token?.type === 'block-seq' || (token?.type === 'flow-collection' && token.start.source === '[');
}

/**
 * Puts nothing in the place of each entry that is too large to be composed.
 * @returns by its offset, the limit that it passes
 */
function leaveOutTooLarge(list: List): ReadonlyMap<number, string> {
  const limits = new Map<number, string>();
  for (const [at, item] of list.items.entries()) {
    const first = item.key ?? item.value;
    const limit = limitOfTokens(item);
    if (limit === undefined || !first) continue;
    limits.set(first.offset, limit);
    const value: CST.FlowScalar = { type: 'scalar', offset: first.offset, indent: list.indent, source: '' };
    list.items[at] = { start: item.start, value };
  }
  return limits;
}

/** A long list cut into short ones, so that composing it does not hold the event loop; an alias needs the whole list. */
function* partsOf(document: CST.Document, list: List, whole: boolean): Generator<CST.Document> {
  if (whole || list.type !== 'block-seq') {
    yield document;
    return;
  }
  for (let at = 0; at < list.items.length; at += ENTRIES_AT_A_TIME) {
    yield { ...document, value: { ...list, items: list.items.slice(at, at + ENTRIES_AT_A_TIME) } };
  }
}

/** The entry with texts as they are written; nothing for what is not a node, as in `!!omap`. */
function fieldsOf(node: unknown, document: Document.Parsed): unknown {
  if (!isNode(node)) return undefined;
  const fields: unknown = node.toJS(document);
  if (!isMap(node) || typeof fields !== 'object' || fields === null) return fields;
  const named = fields as Record<string, unknown>;
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (!Object.hasOwn(named, name)) continue;
    named[name] = isSeq(value)
      ? value.items.map((item, at) => asWritten(item) ?? (named[name] as unknown[])[at])
      : (asWritten(value) ?? named[name]);
  }
  return named;
}

/** `0501231234` and `3.58501E+11` are numbers to YAML, and no longer what was written. */
function asWritten(value: unknown): string | undefined {
  return isScalar(value) && value.value !== null ? value.source : undefined;
}
