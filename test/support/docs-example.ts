import { readFile } from 'node:fs/promises';

/**
 * The one example in a language on a page of `docs/`, so that what the page shows is what the test runs.
 * @param replacements what has to be another in a test; each text must stand in the example
 */
export async function docsExample(
  page: string,
  language: string,
  replacements: Readonly<Record<string, string>>,
): Promise<string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const [, example, ...more] = text.split(`\n\`\`\`${language}\n`).map((part) => part.split('\n```\n')[0]!);
  if (example === undefined || more.length > 0)
    throw new Error(`docs/${page} has not one ${language} example`);
  let changed = example;
  for (const [from, to] of Object.entries(replacements)) {
    if (!changed.includes(from)) throw new Error(`the ${language} example of docs/${page} has no "${from}"`);
    changed = changed.replaceAll(from, to);
  }
  return changed;
}
