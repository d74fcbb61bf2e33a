const MAX_NAMES = 20;
const MAX_NAME_LENGTH = 60;
/** A name of a column may be somebody's number where there is no header. */
const MANY_DIGITS = /\d{5}/;

/** Collects what was taken from a file of contacts, and what was left. */
export class ContactReport {
  readonly taken = new Set<string>();
  /** With why, where a name does not say it by itself. */
  readonly left = new Set<string>();
  readonly unclear = new Set<string>();
  readonly unread = new Set<string>();
  withoutNumber = 0;
  withoutTier = 0;

  /** `numbers from Business Phone, Mobile Phone; left out: Business Fax; 1 contact without a number` */
  toString(): string {
    return [
      this.taken.size === 0 ? 'no numbers' : `numbers from ${named(this.taken)}`,
      this.left.size > 0 && `left out: ${named(this.left)}`,
      this.unclear.size > 0 &&
        `not clear whose numbers, so not read: ${named(this.unclear)} (name under columns what is to be read)`,
      this.unread.size > 0 &&
        `not read, though telephone numbers are in it: ${named(this.unread)} (name under columns what is to be read)`,
      this.withoutNumber > 0 && `${contacts(this.withoutNumber)} without a number`,
      this.withoutTier > 0 && `${contacts(this.withoutTier)} in no group that tiers names`,
    ]
      .filter((part) => part !== false)
      .join('; ');
  }
}

function named(columns: ReadonlySet<string>): string {
  const names = [...columns].map(shown);
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function shown(column: string): string {
  if (/^\d{1,5}$/.test(column)) return `column ${column}`;
  return MANY_DIGITS.test(column) ? 'a column with digits for a name' : column.slice(0, MAX_NAME_LENGTH);
}

function contacts(count: number): string {
  return `${count} contact${count === 1 ? '' : 's'}`;
}
