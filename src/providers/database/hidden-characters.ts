const UNSEEN = /[\p{Cf}\ufe00-\ufe0f]+/gu;
const BLANKS = /[\s\p{Z}\p{Cc}]+/gu;
const HYPHENS = /[\u2010-\u2015\u2212]/g;

export const HIDDEN =
  'with a blank or an invisible character in or around the number, so no lookup finds it; take it out of the column, for example with TRIM';

/** The text as it looks: a column may have blanks at the end, or what was copied along with a number. */
export function asSeen(text: string): string {
  return text.replace(UNSEEN, '').replace(BLANKS, ' ').replace(HYPHENS, '-').trim();
}
