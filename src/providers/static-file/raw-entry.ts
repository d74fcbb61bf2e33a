import type { JsonObject } from '../../plugin-api/index.js';

/** One entry of a list as it was written, not yet checked. Readers yield `undefined` where work without an entry may pause. */
export interface RawEntry {
  /** Line on which the entry begins, from 1. */
  readonly line: number;
  /** The fields of a record; anything else is reported as a problem. */
  readonly fields: unknown;
  /** Attributes written in columns of their own. */
  readonly attributes?: JsonObject;
  /** Fields that leave the entry out when they cannot be read, and are no reason to refuse the list. */
  readonly looseFields?: readonly string[];
}
