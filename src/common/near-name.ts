import { distance } from 'fastest-levenshtein';

const MAX_LISTED = 30;

/** The known name that was probably meant, if one is near enough. */
export function nearName(written: string, known: Iterable<string>): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const name of known) {
    const edits = distance(written.toLowerCase(), name.toLowerCase());
    const longest = Math.max(written.length, name.length);
    const near =
      edits <= Math.max(2, Math.floor(longest * 0.4)) && edits < Math.min(written.length, name.length);
    if (near && edits < (best?.edits ?? Infinity)) best = { name, edits };
  }
  return best?.name;
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
