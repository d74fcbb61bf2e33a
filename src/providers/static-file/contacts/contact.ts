/** A value of a contact, under the name that the file gives it. */
export interface ContactCell {
  /** Name of the column, element or property: `Business Phone`, `Telephone`, `mobilePhone`, `TEL`. */
  readonly column: string;
  readonly text: string;
  /** What stands for it where it is a telephone number that has probably lost its last digits. */
  readonly shortened?: string;
  /** In a table, its place in the row, from 0. */
  readonly at?: number;
  /** What the file says beside the value about its kind: `WORK,FAX`, `Main`. */
  readonly label?: string;
}

/** One person, or one company, of a file of contacts. */
export interface Contact {
  /** Line on which it begins, from 1; of a spreadsheet, its row. */
  readonly line: number;
  readonly cells: readonly ContactCell[];
}
