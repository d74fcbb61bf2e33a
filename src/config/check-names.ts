import { suggestion } from '../common/near-name.js';
import { textOf } from './config-node.js';
import type { ConfigNode } from './config-node.js';
import type { Report } from './report.js';

/**
 * A list of names that are configured elsewhere, each at most once. If the configured names are not known, any name
 * is accepted.
 */
export function checkNames(
  nodes: readonly ConfigNode[],
  what: string,
  known: readonly string[] | undefined,
  report: Report,
): void {
  const seen = new Set<string>();
  for (const node of nodes) {
    const name = textOf(node);
    if (name === undefined || name.trim() === '') continue;
    if (seen.has(name)) report.at(node, 'is listed twice. Keep one.');
    else if (known?.includes(name) === false) report.at(node, `is not ${what}.${suggestion(name, known)}`);
    seen.add(name);
  }
}
