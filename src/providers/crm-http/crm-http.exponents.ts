// Loaded by the evaluating process, so it imports nothing.

const TEXT_OR_NUMBER = /"(?:\\.|[^"\\])*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g;

/**
 * The numbers of a JSON text that are written with an exponent, and how: `3.58501E+11` is 358501000000 to JSON, and a
 * spreadsheet has cut it.
 * @returns value as JavaScript writes it -> as it is written
 */
export function numbersWithExponent(json: string): ReadonlyMap<string, string> {
  const written = new Map<string, string>();
  if (!/\d[eE][+-]?\d/.test(json)) return written;
  for (const [token] of json.matchAll(TEXT_OR_NUMBER)) {
    if (!token.startsWith('"') && /[eE]/.test(token)) written.set(String(Number(token)), token);
  }
  return written;
}

/**
 * What an expression yields, with telephone numbers as they were written, which leaves them out; other fields keep their value.
 * @param text JSON
 */
export function asWritten(text: string, written: ReadonlyMap<string, string>): string {
  if (written.size === 0) return text;
  const numbers = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(numbers) : (written.get(String(value)) ?? value);
  const entry = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(entry);
    const isEntry = typeof value === 'object' && value !== null && 'number' in value;
    return isEntry ? { ...value, number: numbers(value.number) } : value;
  };
  return JSON.stringify(entry(JSON.parse(text)));
}
