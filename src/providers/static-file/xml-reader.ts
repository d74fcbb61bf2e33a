import sax from 'sax';
import type { QualifiedTag, SAXOptions, SAXParser, Tag } from 'sax';

/** Only the five entities that XML has by itself. */
const OPTIONS: SAXOptions & { strictEntities: true } = { strictEntities: true };

/** What the parser says, and what to do about it. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [/entity/i, ' (an & begins no entity); write &amp; for the sign itself'],
  [/^Unencoded </, ' (a < begins no element); write &lt; for the sign itself'],
  [/comment$/i, ' (a comment has -- in it); take that away'],
  [/^Max buffer/, ' (a name or an attribute has more than 65536 characters); shorten it'],
  [
    /^(?:Unmatched|Unexpected) clos/,
    ' (a closing tag is not that of the element before it); export the file again',
  ],
  [
    /^(?:Unclosed|Unexpected end)/,
    ' (it ends before its elements do); export the file again, since it is cut off',
  ],
  [/attribute/i, ' (an attribute is not written name="value"); put its value in double quotes'],
  [/^Non-whitespace|^Text data/, ' (text is outside of the first element); take it away'],
];
/** What the parser is in the middle of, if that has no end. */
const UNENDED: Readonly<Record<string, string>> = {
  COMMENT: 'begins a comment that has no end; write --> behind it',
  COMMENT_ENDING: 'begins a comment that has no end; write --> behind it',
  CDATA: 'begins a CDATA section that has no end; write ]]> behind it',
  CDATA_ENDING: 'begins a CDATA section that has no end; write ]]> behind it',
};
const STATES = (sax as unknown as { STATE: Readonly<Record<string | number, string>> }).STATE;

/** With what its types do not tell. */
interface Parser extends Omit<SAXParser, 'error'> {
  readonly c: string;
  readonly state: number;
  comment: string;
  error: Error | null;
}

/** Characters that are read in one go: a millisecond or two. */
const PIECE_CHARACTERS = 16_384;
/** Elements in each other; phonebooks have five. */
const MAX_DEPTH = 50;
const MAX_ATTRIBUTES = 200;

export interface XmlHandlers {
  /** @param name without its namespace */
  onOpen?(name: string, attributes: Readonly<Record<string, string>>, line: number): void;
  onText?(text: string): void;
  onClose?(name: string): void;
}

/** XML that is not read further: where, and how to mend it. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  constructor(
    /** From 1. */
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Reads XML piece by piece. Document types, with the entities that they declare, are refused. */
export class XmlReader {
  readonly #parser: Parser;
  /** Line of the `<` that was read last. */
  #openLine = 1;
  #depth = 0;
  /** Of the element that is being read. */
  #attributes = 0;
  #problem: XmlError | undefined;

  constructor(handlers: XmlHandlers) {
    const parser = sax.parser(true, OPTIONS) as Parser;
    this.#parser = parser;
    parser.onerror = ({ message }) => {
      const says = message.split('\n', 1)[0]!;
      const cure = CURES.find(([pattern]) => pattern.test(says))?.[1] ?? '; export the file again';
      // The parser counts the end of a line before it looks at it.
      this.#refuse(`is not valid XML${cure}`, parser.line + (parser.c === '\n' ? 0 : 1));
    };
    parser.ondoctype = () =>
      this.#refuse('has a document type (<!DOCTYPE …>), which is not read; take it away');
    parser.onattribute = () => {
      if (++this.#attributes > MAX_ATTRIBUTES)
        this.#refuse(`has more than ${MAX_ATTRIBUTES} attributes in one element`);
    };
    parser.onopentag = ({ name, attributes }: Tag | QualifiedTag) => {
      if (++this.#depth > MAX_DEPTH) this.#refuse(`is nested deeper than ${MAX_DEPTH} elements`);
      this.#attributes = 0;
      if (this.#problem === undefined) {
        const entries = Object.entries(attributes as Record<string, string>);
        const plain = Object.fromEntries(entries.map(([key, value]) => [localName(key), value]));
        handlers.onOpen?.(localName(name), plain, parser.line + 1);
      }
    };
    parser.onclosetag = (name) => {
      this.#depth--;
      if (this.#problem === undefined) handlers.onClose?.(localName(name));
    };
    parser.ontext = parser.oncdata = (text) => {
      if (this.#problem === undefined) handlers.onText?.(text);
    };
  }

  /**
   * Yields between two pieces.
   * @throws XmlError where it is not to be read
   */
  *write(text: string): Generator<undefined> {
    for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
      const piece = text.slice(at, at + PIECE_CHARACTERS);
      const { line, position } = this.#parser;
      this.#parser.write(piece);
      if (this.#problem !== undefined) throw this.#problem;
      // Else a comment may only be as long as a name.
      this.#parser.comment = '';
      const opened = this.#parser.startTagPosition - position;
      if (opened > 0) this.#openLine = line + piece.slice(0, opened).split('\n').length;
      yield undefined;
    }
  }

  /** @throws XmlError where something is missing at the end */
  end(): void {
    const unended = UNENDED[STATES[this.#parser.state] ?? ''];
    if (unended !== undefined) this.#refuse(unended, this.#openLine);
    this.#parser.close();
    if (this.#problem !== undefined) throw this.#problem;
  }

  #refuse(message: string, line = this.#parser.line + 1): void {
    this.#problem ??= new XmlError(line, message);
    // The parser reports its own errors again otherwise.
    this.#parser.error = null;
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
