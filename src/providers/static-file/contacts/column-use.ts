import type { RecordField } from '../../../plugin-api/index.js';
import type { Detail, NamePart } from './column-role.js';

/** What is made of a value of a contact. */
export type Use =
  | { readonly use: 'number'; readonly stem: string }
  | { readonly use: 'name'; readonly part: NamePart | number }
  | { readonly use: 'tier' }
  | { readonly use: 'field'; readonly field: Exclude<RecordField, 'number' | 'tier' | 'name'> }
  | { readonly use: 'attribute'; readonly attribute: string }
  | { readonly use: 'detail'; readonly detail: Detail; readonly stem: string }
  | { readonly use: 'notTheirs' | 'unclear' };
