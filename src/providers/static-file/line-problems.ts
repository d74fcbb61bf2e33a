/** Something about one line of a list: where, what is wrong and how to mend it; never the entry's own values. */
export interface LineProblem {
  /** Line on which the entry begins, from 1. */
  readonly line: number;
  /** The field at fault; `''` when the entry or the file as a whole is. */
  readonly field: string;
  readonly message: string;
}

/** How many problems are kept one by one; of the others only the number. */
export const MAX_LISTED = 100;

/** Collects what is wrong with a list. */
export class LineProblems {
  readonly #listed: string[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** The first hundred, such as `line 4, tier: is missing; …`, and `and N more`. */
  get sentences(): readonly string[] {
    return andMore(this.#listed, this.#total);
  }

  add(line: number, field: string, message: string): void {
    this.#total++;
    if (this.#listed.length === MAX_LISTED) return;
    this.#listed.push(field === '' ? `line ${line}: ${message}` : `line ${line}, ${field}: ${message}`);
  }
}

/** Where what is said about a list goes. */
export interface Remarks {
  readonly problems: LineProblems;
  readonly leftOut: LineProblems;
  readonly warnings: LineProblems;
}

/** The sentences, and `and N more` where they are not all. */
export function andMore(sentences: readonly string[], total: number): readonly string[] {
  const more = total - sentences.length;
  return more > 0 ? [...sentences, `and ${more} more`] : sentences;
}
