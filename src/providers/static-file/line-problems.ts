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
  readonly listed: LineProblem[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(line: number, field: string, message: string): void {
    this.#total++;
    if (this.listed.length < MAX_LISTED) this.listed.push({ line, field, message });
  }
}

/** `line 4, tier: is missing; …` */
export function describeProblem({ line, field, message }: LineProblem): string {
  return field === '' ? `line ${line}: ${message}` : `line ${line}, ${field}: ${message}`;
}

/** The sentences of the first hundred, and `and N more`. */
export function describeAll<T>(listed: readonly T[], total: number, describe: (item: T) => string): string[] {
  const sentences = listed.slice(0, MAX_LISTED).map(describe);
  const more = total - sentences.length;
  return more > 0 ? [...sentences, `and ${more} more`] : sentences;
}
