import type { LineProblems } from '../line-problems.js';
import type { ContactCell, Contact } from './contact.js';
import { partsOf, unescaped, vcardProperties } from './vcard-lines.js';
import type { VcardProperty } from './vcard-lines.js';

/** Values of one card; a real one has some twenty. */
const MAX_CELLS = 1_000;
const NO_CARD = 'is not part of a vCard, which begins with BEGIN:VCARD; what follows was not read';
/** Text properties that `columns` may name; `N`, `TEL`, `ORG` and `CATEGORIES` are read by themselves. */
const TEXTS = new Set(['FN', 'NICKNAME', 'NOTE', 'TITLE', 'ROLE', 'UID', 'EMAIL']);

/**
 * The contacts in a file of vCards (versions 2.1, 3.0 and 4.0); what cannot be read is added to `problems`. Yields `undefined`
 * where other work may be done.
 */
export function* vcardContacts(bytes: Buffer, problems: LineProblems): Generator<Contact | undefined> {
  let card: Card | undefined;
  /** Cards inside the card. */
  let depth = 0;
  for (const property of vcardProperties(bytes)) {
    yield undefined;
    if (property === undefined) continue;
    const { name, value, line } = property;
    const isAboutCard = /^vcard$/i.test(value.trim());
    if (name === 'BEGIN' && isAboutCard) {
      if (card?.isAgent) depth++;
      else {
        if (card !== undefined)
          problems.add(card.line, '', 'begins a vCard that has no END:VCARD before the next one');
        card = new Card(line);
      }
    } else if (card === undefined) {
      if (name === '' && value === '') continue;
      return problems.add(line, '', NO_CARD);
    } else if (name === 'END' && isAboutCard) {
      if (depth > 0) depth--;
      else {
        if (card.isPerson) yield card.contact();
        card = undefined;
      }
    } else if (depth === 0) {
      card.add(property);
    }
  }
  if (card !== undefined)
    problems.add(card.line, '', 'begins a vCard that has no END:VCARD; the file may be cut off');
}

class Card {
  isPerson = true;
  /** Version 2.1 has the card of an assistant inside. */
  isAgent = false;
  readonly #properties: VcardProperty[] = [];
  readonly #labels = new Map<string, string>();

  constructor(readonly line: number) {}

  add(property: VcardProperty): void {
    const { name, group, value } = property;
    if (name === 'AGENT') this.isAgent = true;
    else if (name === 'KIND' || name === 'X-ADDRESSBOOKSERVER-KIND') {
      if (/^(?:group|location|application|device)$/i.test(value.trim())) this.isPerson = false;
    } else if (name === 'X-ABLABEL' && group !== undefined) {
      // Apple's own labels stand in _$!<Work>!$_.
      this.#labels.set(group.toLowerCase(), unescaped(value).replace(/^_\$!<|>!\$_$/g, ''));
    } else if (this.#properties.length < MAX_CELLS) {
      this.#properties.push(property);
    }
  }

  contact(): Contact {
    return { line: this.line, cells: this.#properties.flatMap((property) => this.#cellsOf(property)) };
  }

  #cellsOf({ name, group, parameters, value }: VcardProperty): ContactCell[] {
    switch (name) {
      case 'TEL': {
        const types = parameters.filter((each) => !/^(?:VALUE|ENCODING|CHARSET|PREF|LANGUAGE)=/i.test(each));
        const own = group === undefined ? undefined : this.#labels.get(group.toLowerCase());
        const label = [...types.map((type) => type.replace(/^TYPE=/i, '')), own ?? ''].join(' ').trim();
        return [{ column: 'TEL', text: unescaped(value), label }];
      }
      case 'N': {
        const [last = '', first = '', middle = ''] = partsOf(value, ';');
        return [
          { column: 'First name', text: first },
          { column: 'Middle name', text: middle },
          { column: 'Last name', text: last },
        ];
      }
      case 'ORG':
        return [{ column: name, text: partsOf(value, ';')[0]! }];
      case 'CATEGORIES':
        return partsOf(value, ',').map((text) => ({ column: name, text }));
      default:
        return TEXTS.has(name) || name.startsWith('X-') ? [{ column: name, text: unescaped(value) }] : [];
    }
  }
}
