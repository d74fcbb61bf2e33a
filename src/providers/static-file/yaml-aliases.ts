import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { EntrySize } from './entry-limits.js';

/**
 * Puts in the place of each alias (`*name`) the node that it stands for: that of the nearest anchor (`&name`) before it.
 * @returns offsets of the aliases that stand for nothing
 */
export function joinAliases(document: Document.Parsed): number[] {
  const anchors = new Map<string, Node>();
  const dangling: number[] = [];
  visit(document, {
    Node(key, node, path) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return undefined;
      }
      const parent = path.at(-1);
      const target = anchors.get(node.source);
      if (target === undefined) dangling.push(node.range?.[0] ?? 0);
      else if (isPair(parent)) parent[key as 'key' | 'value'] = target;
      else if (isSeq(parent)) parent.items[key as number] = target;
      return visit.SKIP;
    },
  });
  return dangling;
}

/** True when an entry passes a limit as its aliases unfold, or unfolds without end. Call it for what `joinAliases` made. */
export function unfoldsTooFar(entry: Node): boolean {
  const size = new EntrySize();
  const left: { node: unknown; depth: number }[] = [{ node: entry, depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth } = next;
    let limit: string | undefined;
    if (isPair(node)) {
      left.push({ node: node.key, depth }, { node: node.value, depth });
    } else if (isCollection(node)) {
      const { length } = node.items;
      limit = size.add({ values: length, names: isMap(node) ? length : 0, depth: depth + 1 });
      if (limit === undefined) for (const item of node.items) left.push({ node: item, depth: depth + 1 });
    } else if (isScalar(node)) {
      limit = size.add({ text: node.source?.length });
    }
    if (limit !== undefined) return true;
  }
  return false;
}
