import type { QualifiedTag, Tag } from 'sax';
import { sax } from './libraries.js';

// Loaded by the evaluating process.

/** Elements in each other; SOAP needs about ten. */
const MAX_DEPTH = 64;
/** Elements and attributes together; a page of 1,000 contacts has fewer. */
const MAX_PARTS = 100_000;

/** Its message gives the reason, but no part of the answer. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

/** An element: `@x` is an attribute, `#text` the text, anything else a list of the elements of that name. */
export type XmlElement = { readonly [name: string]: string | readonly XmlElement[] };

/** Only an expression that names a text or an attribute can read XML, so no other provider takes an XML error for an answer. */
export function readsXml(expression: string): boolean {
  return /#text|[`"']@[\w:-]+[`"']/.test(expression);
}

/**
 * An XML document as expressions see it, like `{ contacts: [{ contact: [{ "@id": "1", phone: [{ "#text": "…" }] }] }] }`.
 * Names are local ones, because servers choose prefixes as they like; a name with its prefix is known, too, but not
 * listed. A document type is refused, with the entities that it would declare.
 * @returns `undefined` if it is something else, such as JSON or an HTML page
 * @throws XmlError
 */
export function readXml(body: Uint8Array): XmlElement | undefined {
  const text = decode(body)?.trimStart();
  if (text === undefined || !text.startsWith('<') || isHtml(text)) return undefined;
  return parseXml(text);
}

/** @throws XmlError if it is not a well-formed document without a document type */
export function parseXml(text: string): XmlElement {
  const root: XmlElement = {};
  const open: { readonly element: XmlElement; text: string; hasElements: boolean }[] = [
    { element: root, text: '', hasElements: true },
  ];
  let parts = 0;
  const count = (more: number): void => {
    parts += more;
    if (parts > MAX_PARTS) throw new XmlError(`it has more than ${MAX_PARTS} elements and attributes`);
  };
  // Only the five entities that XML has by itself.
  const parser = sax().parser(true, { strictEntities: true } as object);
  parser.onerror = () => {
    throw new XmlError('it is not well-formed');
  };
  parser.ondoctype = () => {
    throw new XmlError('it has a document type (<!DOCTYPE …>), which is not read');
  };
  parser.onattribute = () => count(1);
  parser.onopentag = ({ name, attributes }: Tag | QualifiedTag) => {
    count(1);
    if (open.length > MAX_DEPTH) throw new XmlError(`its elements are nested deeper than ${MAX_DEPTH}`);
    const parent = open.at(-1)!;
    if (parent.element === root && Object.keys(root).length > 0) throw new XmlError('it is not well-formed');
    parent.hasElements = true;
    const element: XmlElement = {};
    for (const [written, value] of Object.entries(attributes as Record<string, string>)) {
      if (/^xmlns(:|$)/.test(written)) continue;
      forNames(written, (attribute, isLocal) => define(element, `@${attribute}`, value, isLocal));
    }
    forNames(name, (key, isLocal) => {
      const list = Object.hasOwn(parent.element, key) ? parent.element[key] : undefined;
      if (Array.isArray(list)) list.push(element);
      else define(parent.element, key, [element], isLocal);
    });
    open.push({ element, text: '', hasElements: false });
  };
  parser.ontext = parser.oncdata = (more) => (open.at(-1)!.text += more);
  parser.onclosetag = () => {
    const { element, text: written, hasElements } = open.pop()!;
    const trimmed = written.trim();
    // An element without text is empty text, not a missing field.
    if (trimmed !== '' || !hasElements) define(element, '#text', trimmed, true);
  };
  parser.write(text).close();
  if (Object.keys(root).length === 0) throw new XmlError('it is not well-formed');
  return root;
}

/** What an answer's own elements call an error, whatever its status; `undefined` if they do not. */
export function xmlFault(document: XmlElement): string | undefined {
  const [name = ''] = Object.keys(document);
  if (/^(?:errors?|fault|exception)$/i.test(name)) return `its element is ${name}`;
  const isFault = childrenOf(document['Envelope']).some(({ Body }) =>
    childrenOf(Body).some((body) => Object.hasOwn(body, 'Fault')),
  );
  return isFault ? 'SOAP Fault' : undefined;
}

function childrenOf(list: XmlElement[string] | undefined): readonly XmlElement[] {
  return Array.isArray(list) ? (list as readonly XmlElement[]) : [];
}

/** The local name, which is listed, and the name as written. */
function forNames(written: string, use: (name: string, isLocal: boolean) => void): void {
  const local = written.slice(written.indexOf(':') + 1);
  use(local, true);
  if (written !== local) use(written, false);
}

/** Even of a name such as `__proto__`. */
function define(element: XmlElement, key: string, value: XmlElement[string], enumerable: boolean): void {
  Object.defineProperty(element, key, { value, enumerable, writable: true, configurable: true });
}

function isHtml(text: string): boolean {
  return /^(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|div|p|h1|script|title|center|pre)[\s>]/is.test(
    text,
  );
}

/** Bytes that are valid UTF-8 are UTF-8; others are what the document declares. */
function decode(body: Uint8Array): string | undefined {
  const declared = /^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(
    Buffer.from(body.subarray(0, 300)).toString('latin1'),
  )?.[1];
  for (const label of ['utf-8', utf16Of(body), declared]) {
    try {
      if (label !== undefined) return new TextDecoder(label, { fatal: true }).decode(body);
    } catch {
      // The next one is tried.
    }
  }
  if (declared === undefined) return undefined;
  throw new XmlError('its characters are not in the encoding that it declares');
}

function utf16Of([first, second]: Uint8Array): string | undefined {
  return first === 0xff && second === 0xfe
    ? 'utf-16le'
    : first === 0xfe && second === 0xff
      ? 'utf-16be'
      : undefined;
}
