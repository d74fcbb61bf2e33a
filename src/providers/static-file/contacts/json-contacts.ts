import { isPlainObject } from '../../../plugin-api/index.js';
import type { RawEntry } from '../raw-entry.js';
import { roleOf } from './column-role.js';
import type { Contact, ContactCell } from './contact.js';

const MAX_CELLS = 1_000;
const MAX_TEXT = 2_000;
/** What only holds the properties of a contact, as APIs wrap them. */
const WRAPPERS = new Set([
  'properties',
  'fields',
  'contact',
  'person',
  'user',
  'names',
  'attributes',
  'data',
]);
/** Where an object is one value and says something about it: `{ "type": "work", "value": "+358…" }`. */
const VALUES = ['value', 'number', 'phoneNumber', 'phone', 'address'] as const;
const LABELS = ['type', 'label', 'kind', 'formattedType'] as const;
/** Where an object is a group: `{ "id": 7, "name": "VIP" }`. */
const GROUP_NAMES = ['name', 'displayName', 'title', 'label', 'value'] as const;

/** The contact in an object of a JSON list, as Microsoft Graph and the APIs of CRMs answer them. */
export function jsonContact({ line, fields }: RawEntry): Contact {
  const cells: ContactCell[] = [];
  if (isPlainObject(fields)) addProperties(cells, fields, '');
  return { line, cells };
}

function addProperties(cells: ContactCell[], object: Readonly<Record<string, unknown>>, path: string): void {
  for (const [key, value] of Object.entries(object))
    addValue(cells, value, path === '' ? key : `${path}.${key}`);
}

function addValue(cells: ContactCell[], value: unknown, column: string): void {
  if (cells.length >= MAX_CELLS) return;
  if (Array.isArray(value)) {
    for (const item of value) addValue(cells, item, column);
  } else if (isPlainObject(value)) {
    addObject(cells, value, column);
  } else if (typeof value === 'string' || typeof value === 'number') {
    cells.push({ column, text: String(value).slice(0, MAX_TEXT) });
  }
}

function addObject(cells: ContactCell[], value: Readonly<Record<string, unknown>>, column: string): void {
  if (WRAPPERS.has(column)) return addProperties(cells, value, '');
  const role = roleOf(column).kind;
  const names = role === 'tier' ? GROUP_NAMES : role === 'number' ? VALUES : [];
  const text = firstText(value, names);
  if (text === undefined) return addProperties(cells, value, column);
  const label = role === 'number' ? firstText(value, LABELS) : undefined;
  cells.push({ column, text: text.slice(0, MAX_TEXT), ...(label !== undefined && { label }) });
  if (role === 'number') addCodes(cells, value, column);
}

/** What a number lacks is beside it: `{ "countryCode": "46", "number": "701740605" }`. */
function addCodes(cells: ContactCell[], value: Readonly<Record<string, unknown>>, path: string): void {
  for (const [key, code] of Object.entries(value)) {
    const column = `${path}.${key}`;
    const role = roleOf(column);
    if (role.kind === 'detail' && role.detail === 'code') addValue(cells, code, column);
  }
}

function firstText(object: Readonly<Record<string, unknown>>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = object[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}
