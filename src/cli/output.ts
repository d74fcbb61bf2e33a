/** Ends a command with exit code 1 and a message for the user. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @returns for example `1 entry`, `2 entries` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const MAX_NAMES = 10;

/** The first names, and how many more there are. */
export function named(names: Iterable<string>): string {
  const all = [...names];
  const more = all.length - MAX_NAMES;
  return all.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Rows of texts as columns, separated by two blanks. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
