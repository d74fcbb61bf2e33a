import { distance } from 'fastest-levenshtein';

const MAX_LISTED = 30;

/**
 * The known name that was probably meant: the nearest one, at most two edits away, or as many as a quarter of its
 * letters. Case, blanks, hyphens and underscores do not count.
 * @since 0.2.0
 */
export function nearName<Name extends string>(written: string, known: Iterable<Name>): Name | undefined {
  const letters = lettersOf(written);
  let best: { name: Name; edits: number } | undefined;
  for (const name of known) {
    const others = lettersOf(name);
    const [shorter, longer] = [letters.length, others.length].sort((a, b) => a - b) as [number, number];
    const limit = Math.min(Math.max(2, Math.floor(longer / 4)), shorter - 1);
    // Before the distance is computed: the written text may be very long.
    if (longer - shorter > limit) continue;
    const edits = distance(letters, others);
    if (edits <= limit && edits < (best?.edits ?? Infinity)) best = { name, edits };
  }
  return best?.name;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[ _-]/g, '');
}

/**
 * ` Did you mean "customers"? Known: vip-list, customers, crm.` with a leading blank.
 * @since 0.1.0
 */
export function suggestion(written: string, known: readonly string[]): string {
  const near = nearName(written, known);
  const listed = known.slice(0, MAX_LISTED).join(', ');
  const more = known.length > MAX_LISTED ? ` and ${known.length - MAX_LISTED} more` : '';
  return `${near === undefined ? '' : ` Did you mean "${near}"?`} Known: ${listed === '' ? 'none' : listed}${more}.`;
}
