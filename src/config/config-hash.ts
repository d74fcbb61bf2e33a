import { createHash } from 'node:crypto';
import type { ConfigNode } from './config-node.js';

/** Enough to tell configurations apart, and short enough to compare by eye. */
const HASH_DIGITS = 12;
const USER_IN_URL = /\/\/[^/?#\s]*@/g;
const VALUE_IN_URL = /([?&][^=&#\s]*=)[^&#]*/g;

/**
 * A part of the configuration as it is written, for its hash: `${…}` is not replaced, and whatever may be a secret is
 * left out, so that nobody can find a secret by trying which one gives the hash.
 */
export function withoutSecrets(node: ConfigNode): unknown {
  if (node.secret) return null;
  if (node.kind === 'list') return node.items.map(withoutSecrets);
  if (node.kind === 'map') {
    const entries = [...node.entries].map(([key, child]) => [key, withoutSecrets(child)] as const);
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  }
  return node.written.replace(USER_IN_URL, '//@').replace(VALUE_IN_URL, '$1');
}

/** @param parts of `withoutSecrets` */
export function configHash(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_DIGITS);
}
