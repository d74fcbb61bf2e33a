import { Composer, LineCounter, Parser, visit } from 'yaml';
import type { CST, Document, YAMLError } from 'yaml';
import { openBracketIn } from './yaml-brackets.js';
import type { OpenBracket } from './yaml-brackets.js';

const MAX_DEPTH = 100;

/** A problem in a YAML file. The message never shows the text, which may be a secret. */
export interface YamlProblem {
  readonly line?: number;
  readonly message: string;
}

export interface YamlFile {
  readonly document: Document.Parsed | undefined;
  /** Line of an offset, from 1. */
  readonly lineAt: (offset: number) => number;
  /** The file is not YAML, so nothing else is known about it. */
  readonly syntax: readonly YamlProblem[];
  /** It is YAML, but contains tags that are not supported. */
  readonly problems: readonly YamlProblem[];
}

/**
 * Parses YAML 1.2 without interpreting it: no aliases are followed, no keys merged. Never throws.
 * @param uniqueKeys a key that is written twice is an error; for small files only, because the library compares every
 *   key with every other
 */
export function parseYaml(text: string, uniqueKeys = false): YamlFile {
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const nothing = { document: undefined, lineAt, problems: [] };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = tokens.find((token) => isDeeperThan(token, MAX_DEPTH));
  if (tooDeep !== undefined) {
    const message = `The file is nested more than ${MAX_DEPTH} levels deep. Check its brackets and indentation.`;
    return { ...nothing, syntax: [{ message }] };
  }
  const composer = new Composer({
    prettyErrors: false,
    uniqueKeys,
    schema: 'core',
    resolveKnownTags: false,
  });
  const documents = [...composer.compose(tokens, true, text.length)] as Document.Parsed[];
  const errors = documents
    .flatMap((document) => document.errors)
    // After one mistake the parser also reports correct lines.
    .filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN');
  const bracket = errors.length === 0 ? undefined : tokens.map(openBracketIn).find((open) => open);
  // What follows an open bracket is read as if it were inside, so nothing that is said of it is true.
  const syntax = errors
    .filter(({ pos }) => bracket === undefined || pos[0] < bracket.offset)
    .map((error) => syntaxProblem(error, text, lineAt));
  if (bracket !== undefined) syntax.push(notClosed(bracket, text, lineAt));
  if (syntax.length === 0 && documents.length > 1) {
    const line = lineAt(documents[1]!.range[0]);
    syntax.push({
      line,
      message: 'A second document starts here. Remove the --- or ... before it.',
    });
  }
  return {
    document: documents[0],
    lineAt,
    syntax,
    problems: documents
      .flatMap((document) => document.warnings)
      .map(({ code, pos }) => ({ line: lineAt(pos[0]), message: SENTENCES[code] ?? notYaml(code) })),
  };
}

/**
 * The content of a small YAML file, as plain values.
 * @returns the values, or the first problem as a sentence; aliases and tags are refused, too
 * @since 0.2.0
 */
export function readYaml(text: string): { readonly value: unknown } | { readonly problem: string } {
  const { document, lineAt, syntax, problems } = parseYaml(text, true);
  const found = [...syntax, ...problems];
  visit(document ?? null, {
    Alias: (_, alias) =>
      void found.push({
        line: lineAt(alias.range![0]),
        message: 'An alias (*name) is not allowed here. Write the value out.',
      }),
  });
  const [first] = found;
  if (first === undefined) return { value: document?.toJS() };
  return { problem: `${first.line === undefined ? '' : `line ${first.line}: `}${first.message}` };
}

/** Our own sentences, because the library's quote the source, which may be a secret. */
const SENTENCES: Partial<Record<YAMLError['code'], string>> = {
  BAD_INDENT: 'The indentation does not fit. Keys of one map and items of one list start in the same column.',
  BAD_SCALAR_START: 'A text cannot start with this sign. Put it in quotes.',
  BAD_DQ_ESCAPE:
    'A backslash in double quotes starts an escape. Use single quotes, or write two backslashes.',
  BLOCK_AS_IMPLICIT_KEY: 'There is a second ": " in the line. Put the text in quotes.',
  DUPLICATE_KEY: 'A key is written twice in one map. Keep one.',
  BLOCK_IN_FLOW: 'A bracket { or [ is not closed before the next line starts.',
  MISSING_CHAR: 'A quote, bracket, colon, comma or hyphen is missing here or just before.',
  MULTILINE_IMPLICIT_KEY: 'A colon is missing after the key.',
  TAB_AS_INDENT: 'A tab is not allowed as indentation. Use blanks.',
  TAG_RESOLVE_FAILED:
    'A value that starts with ! is taken for a YAML tag, and this one is not supported. Put a text in quotes.',
  UNEXPECTED_TOKEN: 'Something here does not belong: check quotes, brackets, colons and indentation.',
};

function notYaml(code: string): string {
  return `This is not YAML (${code}).`;
}

function syntaxProblem(error: YAMLError, text: string, lineAt: (offset: number) => number): YamlProblem {
  const [offset] = error.pos;
  const message = (SENTENCES[error.code] ?? notYaml(error.code)) + hintAt(offset, text);
  return { line: lineAt(offset), message };
}

function notClosed(
  { offset, sign }: OpenBracket,
  text: string,
  lineAt: (offset: number) => number,
): YamlProblem {
  const end = sign === '[' ? ']' : '}';
  const message = `The bracket ${sign} in this line is not closed. Write ${end} at its end.${hintAt(offset, text)}`;
  return { line: lineAt(offset), message };
}

function hintAt(offset: number, text: string): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end === -1 ? undefined : end).includes('${')
    ? ' Inside { } and [ ], write ${…} in quotes.'
    : '';
}

/** Composing is recursive, and if the stack is nearly full, V8's regular expressions end the process. */
function isDeeperThan(document: CST.Token, limit: number): boolean {
  const open: [token: CST.Token | null | undefined, depth: number][] = [[document, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (depth > limit) return true;
    if (token?.type === 'document') open.push([token.value, depth]);
    if (token != null && 'items' in token) {
      for (const item of token.items) {
        open.push(['key' in item ? item.key : undefined, depth + 1]);
        open.push(['value' in item ? item.value : undefined, depth + 1]);
      }
    }
  }
  return false;
}
