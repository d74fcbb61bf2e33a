import sax from 'sax';
import type { QualifiedTag, SAXOptions, SAXParser, Tag } from 'sax';

/** Only the five entities that XML has by itself. */
const OPTIONS: SAXOptions & { strictEntities: true } = { strictEntities: true };

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
  readonly #parser: SAXParser;
  #depth = 0;
  /** Of the element that is being read. */
  #attributes = 0;
  #problem: XmlError | undefined;

  constructor(handlers: XmlHandlers) {
    const parser = sax.parser(true, OPTIONS);
    this.#parser = parser;
    parser.onerror = () => this.#refuse('is not valid XML; export the file again');
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
      this.#parser.write(text.slice(at, at + PIECE_CHARACTERS));
      if (this.#problem !== undefined) throw this.#problem;
      yield undefined;
    }
  }

  /** @throws XmlError where something is missing at the end */
  end(): void {
    this.#parser.close();
    if (this.#problem !== undefined) throw this.#problem;
  }

  #refuse(message: string): void {
    this.#problem ??= new XmlError(this.#parser.line + 1, message);
    // The parser reports its own errors again otherwise.
    (this.#parser as { error: Error | null }).error = null;
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
