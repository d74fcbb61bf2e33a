import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, visit } from 'yaml';
import type { CST, Document, Node } from 'yaml';
import { isPlainObject } from '../../plugin-api/index.js';
import type { LineProblems } from './line-problems.js';
import type { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';

const LEXEMES_BETWEEN_PAUSES = 512;
const ENTRIES_AT_A_TIME = 50;
/** An alias may be used by every entry of a long list; beyond this it is an attack on memory. */
const MAX_ALIASES = 1_000_000;
/** Fields that are text however they are written: `number: 0501231234` must not become the number 501231234. */
const TEXT_FIELDS = ['number', 'tier', 'name', 'validFrom', 'validUntil'];

/** Reads the entries of a YAML list; what cannot be read is added to `problems`. */
export async function* yamlEntries(
  text: string,
  problems: LineProblems,
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
  const whole = hasAlias || tokens.some((token) => token.type === 'error');
  for (const part of partsOf(document, whole)) {
    if (pace.isDue) await pace.makeWay();
    const stream = tokens.map((token) => (token === document ? part : token));
    for (const composed of new Composer({ prettyErrors: false }).compose(stream)) {
      for (const error of composed.errors) {
        const what = error.code.toLowerCase().replaceAll('_', ' ');
        problems.add(lineAt(error.pos[0]), '', `is no valid YAML (${what})`);
      }
      if (composed.errors.length > 0) continue;
      if (!isSeq<Node>(composed.contents)) {
        return problems.add(
          lineAt(document.offset),
          '',
          'the file must be a list: each entry begins with - and has a number and a tier',
        );
      }
      const { anchored, dangling } = hasAlias ? aliasesOf(composed) : NO_ALIASES;
      for (const alias of dangling) {
        problems.add(lineAt(alias), '', 'has an alias (*name) before or without its anchor (&name)');
      }
      if (problems.total > 0 && hasAlias) return;
      const values = valuesOf(composed.contents, composed);
      if (values === undefined) return problems.add(1, '', 'the aliases (*name) unfold to too much');
      for (const [at, node] of composed.contents.items.entries()) {
        yield {
          line: lineAt(node.range?.[0] ?? document.offset),
          fields: textFields(node, values[at], anchored),
        };
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
  for (const lexeme of new Lexer().lex(text)) {
    hasAlias ||= lexeme.startsWith('*');
    tokens.push(...parser.next(lexeme));
    if (++count % LEXEMES_BETWEEN_PAUSES === 0 && pace.isDue) await pace.makeWay();
  }
  tokens.push(...parser.end());
  return { tokens, hasAlias };
}

/** A long list cut into short ones, so that composing it does not hold the event loop; an alias needs the whole list. */
function* partsOf(document: CST.Document, whole: boolean): Generator<CST.Document> {
  const list = document.value;
  if (whole || list?.type !== 'block-seq') {
    yield document;
    return;
  }
  for (let at = 0; at < list.items.length; at += ENTRIES_AT_A_TIME) {
    yield { ...document, value: { ...list, items: list.items.slice(at, at + ENTRIES_AT_A_TIME) } };
  }
}

interface Aliases {
  /** What each of them stands for: the nearest anchor of its name before it. */
  readonly anchored: ReadonlyMap<Node, Node>;
  /** Offsets of those that stand for nothing. */
  readonly dangling: readonly number[];
}

const NO_ALIASES: Aliases = { anchored: new Map(), dangling: [] };

function aliasesOf(document: Document.Parsed): Aliases {
  const anchors = new Map<string, Node>();
  const anchored = new Map<Node, Node>();
  const dangling: number[] = [];
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const found = anchors.get(node.source);
        if (found === undefined) dangling.push(node.range?.[0] ?? 0);
        else anchored.set(node, found);
      } else if (node.anchor !== undefined) {
        anchors.set(node.anchor, node);
      }
    },
  });
  return { anchored, dangling };
}

/** `undefined` when aliases of aliases would fill the memory. */
function valuesOf(list: Node, document: Document.Parsed): unknown[] | undefined {
  try {
    return list.toJS(document, { maxAliasCount: MAX_ALIASES }) as unknown[];
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

/** The entry with texts as they are written, there or where an alias leads. */
function textFields(node: Node, fields: unknown, anchored: Aliases['anchored']): unknown {
  const entry = anchored.get(node) ?? node;
  if (!isMap(entry) || !isPlainObject(fields)) return fields;
  for (const field of TEXT_FIELDS) {
    const written = entry.get(field, true) as Node | undefined;
    const value = written && (anchored.get(written) ?? written);
    if (isScalar(value) && value.source !== undefined && value.value !== null) fields[field] = value.source;
  }
  return fields;
}
