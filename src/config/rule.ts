import type { targetConstructorToSchema } from 'class-validator-jsonschema';

export type JsonSchema = ReturnType<typeof targetConstructorToSchema>;

/** What a key may hold. */
export interface Rule {
  /** What to write, a sentence; the message for a missing value ends with it. */
  readonly hint: string;
  /** What is wrong with a value, as a predicate: `is not a duration. Write …`; `undefined` when nothing is. */
  problem(value: unknown): string | undefined;
  readonly schema: JsonSchema;
}
