/**
 * How a cell begins that a spreadsheet would take for a formula, or whose own apostrophe would be taken for this one. A plus sign
 * and digits are a telephone number, which stays as it is for whoever else reads the file.
 */
const RISKY = /^(?:[=\-@\t\r']|\+(?!\d+\*?$))/;

/** A cell as it is written: a spreadsheet takes what follows an apostrophe for text. */
export function withApostrophe(text: string): string {
  return RISKY.test(text) ? `'${text}` : text;
}

/** A cell as it is meant: without the apostrophe that `withApostrophe` puts before it. One of a name (`'t Hooft`) stays. */
export function withoutApostrophe(text: string): string {
  return text.startsWith("'") && RISKY.test(text.slice(1)) ? text.slice(1) : text;
}
