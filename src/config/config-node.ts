/**
 * The configuration file as a tree with line numbers. Built by `read-tree.ts`; the rest of the room sees neither YAML
 * nor `${…}`.
 */
export type ConfigNode = ConfigScalar | ConfigList | ConfigMap;

interface Place {
  /** `targets.SALES_QUEUE.providers[1]`; `''` for the root. */
  readonly path: string;
  /** Line of the key, or of the item in a list; from 1. */
  readonly line: number;
  /** The text may be a secret and never appears in a message. */
  readonly secret: boolean;
  /** Present on nodes that are not in the file: where they come from, for messages, such as `preset hubspot`. */
  readonly origin?: string | undefined;
}

export interface ConfigScalar extends Place {
  readonly kind: 'scalar';
  /** The value, with `${…}` replaced. */
  readonly value: string | number | boolean | null;
  /** The text as written in the file, including `${…}`, without quotes. */
  readonly written: string;
  /** An unquoted `${…}` and nothing else: becomes a number or Boolean if the key requires one. */
  readonly variable: boolean;
}

export interface ConfigList extends Place {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}

export interface ConfigMap extends Place {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, ConfigNode>;
}

export function childOf(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  if (node?.kind === 'map') return node.entries.get(key);
  return node?.kind === 'list' ? node.items[Number(key)] : undefined;
}

/** The child when it is a map; a child of another kind is reported where its key is checked. */
export function mapAt(node: ConfigMap, key: string): ConfigMap | undefined {
  const child = node.entries.get(key);
  return child?.kind === 'map' ? child : undefined;
}

export function itemsAt(node: ConfigMap, key: string): readonly ConfigNode[] {
  const child = node.entries.get(key);
  return child?.kind === 'list' ? child.items : [];
}

export function textOf(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

export function toPlain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, child]) => [key, toPlain(child)]));
}

/** `parent.key`, or `parent["a key"]` if the key contains other characters. */
export function pathOf(parent: string, key: string): string {
  if (!/^[\w-]{1,100}$/.test(key)) return `${parent}[${JSON.stringify(shorten(key))}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Values below such a key, in any letter case and at any depth, may be secrets. */
const SECRET_KEY =
  /pass|pwd|secret|token|key|auth|credential|cookie|header|signature|private|bearer|salt|jwt|session|^pin$|^pat$|^body$/i;

/** Keys below these are names that the administrator chose, which do not indicate secrets. */
const NAME_MAPS = new Set(['', 'providers', 'targets']);

export function isSecretKey(key: string, map: Pick<ConfigNode, 'path' | 'secret'>): boolean {
  // The name of an authentication method, not a secret.
  if (key === 'type' && map.path.endsWith('.auth')) return false;
  return map.secret || (!NAME_MAPS.has(map.path) && SECRET_KEY.test(key));
}
