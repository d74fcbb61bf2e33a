/**
 * The configuration file as a tree that knows its lines. Made by `read-tree.ts`; the rest of the room sees neither YAML
 * nor `${…}`.
 */
export type ConfigNode = ConfigScalar | ConfigList | ConfigMap;

interface Place {
  /** `targets.SALES_QUEUE.providers[1]`; `''` for the root. */
  readonly path: string;
  /** Line of the key, or of the item in a list; from 1. */
  readonly line: number;
  /** What is written here may be a secret and never appears in a message. */
  readonly secret: boolean;
  /** Present on what does not stand in the file: where it comes from, for messages, such as `preset hubspot`. */
  readonly origin?: string | undefined;
}

export interface ConfigScalar extends Place {
  readonly kind: 'scalar';
  /** The value, `${…}` filled in. */
  readonly value: string | number | boolean | null;
  /** The text as it stands in the file, `${…}` included, without quotes. */
  readonly written: string;
  /** An unquoted `${…}` and nothing else: becomes a number or boolean where the key wants one. */
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

/** The items of the child when it is a list, else none. */
export function itemsAt(node: ConfigMap, key: string): readonly ConfigNode[] {
  const child = node.entries.get(key);
  return child?.kind === 'list' ? child.items : [];
}

/** The text of a scalar child, `undefined` for anything else. */
export function textOf(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

export function toPlain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, child]) => [key, toPlain(child)]));
}

/** `parent.key`, or `parent["a key"]` when the key would not read well. */
export function pathOf(parent: string, key: string): string {
  if (!/^[\w-]{1,100}$/.test(key)) return `${parent}[${JSON.stringify(shorten(key))}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** In any case and at any depth, what is below such a key may be a secret. */
const SECRET_KEY =
  /pass|pwd|secret|token|key|auth|credential|cookie|header|signature|private|bearer|salt|jwt|session|^pin$|^pat$|^body$/i;

/** Below these the keys are names that the administrator chose; they say nothing about secrets. */
const NAME_MAPS = new Set(['', 'providers', 'targets']);

export function isSecretKey(key: string, map: Pick<ConfigNode, 'path' | 'secret'>): boolean {
  // The name of a way to log in, not a part of the login.
  if (key === 'type' && map.path.endsWith('.auth')) return false;
  return map.secret || (!NAME_MAPS.has(map.path) && SECRET_KEY.test(key));
}
