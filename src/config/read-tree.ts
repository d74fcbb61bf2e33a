import { isAlias, isCollection, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Node, Pair, ParsedNode, Scalar, YAMLMap } from 'yaml';
import type { ConfigProblem } from './config-error.js';
import { isSecretKey, pathOf } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';
import { interpolate } from './interpolation.js';
import type { InterpolationSources } from './interpolation.js';
import type { YamlFile } from '../common/yaml.js';

/** An alias bomb repeats a few lines millions of times; a legitimate file repeats a few settings. */
const MAX_REPEATED_NODES = 10_000;
/** Assigning these would affect more than the object itself. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

type Place = Pick<ConfigNode, 'path' | 'line' | 'secret'>;

/**
 * Turns parsed YAML into a tree with line numbers, with aliases and merge keys resolved and `${…}` replaced.
 * @param problems receives duplicate keys, missing variables, broken aliases
 */
export function readTree(
  yaml: YamlFile,
  sources: InterpolationSources,
  problems: ConfigProblem[],
): ConfigNode | undefined {
  const root = yaml.document?.contents;
  return root ? new TreeReader(root, yaml, sources, problems).read(root) : undefined;
}

class TreeReader {
  readonly #anchored: ReadonlyMap<Alias, Node>;
  readonly #open = new Set<Node>();
  #repeated = 0;
  #aliasDepth = 0;

  constructor(
    root: ParsedNode,
    private readonly yaml: YamlFile,
    private readonly sources: InterpolationSources,
    private readonly problems: ConfigProblem[],
  ) {
    this.#anchored = findAnchors(root);
  }

  read(root: ParsedNode): ConfigNode {
    return this.#node(root, { path: '', line: this.#lineOf(root, 1), secret: false });
  }

  #problem(place: Place, message: string): void {
    this.problems.push({ line: place.line, key: place.path, message });
  }

  #node(node: Node | null, place: Place): ConfigNode {
    const empty: ConfigNode = { ...place, kind: 'scalar', value: null, written: '', variable: false };
    if (this.#aliasDepth > 0 && ++this.#repeated > MAX_REPEATED_NODES) {
      if (this.#repeated === MAX_REPEATED_NODES + 1)
        this.#problem(place, 'The aliases (*name) of this file repeat too much. Write the values out.');
      return empty;
    }
    if (isAlias(node)) return this.#alias(node, place) ?? empty;
    if (isScalar(node)) return this.#scalar(node, place);
    if (!isCollection(node)) return empty;
    this.#open.add(node);
    const read = isMap(node) ? this.#map(node, place) : this.#list(node.items as Node[], place);
    this.#open.delete(node);
    return read;
  }

  #alias(alias: Alias, place: Place): ConfigNode | undefined {
    const node = this.#anchored.get(alias);
    if (node === undefined || this.#open.has(node)) {
      const message =
        node === undefined
          ? 'A value that starts with * is taken for a YAML alias, and this one has no anchor before it. Put a text in quotes.'
          : 'The alias is inside its own anchor and would be endless. Write the value out.';
      this.#problem(place, message);
      return undefined;
    }
    this.#aliasDepth++;
    const read = this.#node(node, place);
    this.#aliasDepth--;
    return read;
  }

  #scalar(scalar: Scalar, place: Place): ConfigNode {
    const written = scalar.source ?? '';
    const value = scalar.value as string | number | boolean | null;
    if (typeof value !== 'string') return { ...place, kind: 'scalar', value, written, variable: false };
    const { text, whole, problem } = interpolate(value, this.sources);
    if (problem !== undefined) this.#problem(place, problem);
    return { ...place, kind: 'scalar', value: text, written, variable: whole && scalar.type === 'PLAIN' };
  }

  #list(items: readonly Node[], place: Place): ConfigNode {
    const read = items.map((item, index) =>
      this.#node(item, {
        path: `${place.path}[${index}]`,
        line: this.#lineOf(item, place.line),
        secret: place.secret,
      }),
    );
    return { ...place, kind: 'list', items: read };
  }

  #map(map: YAMLMap, place: Place): ConfigMap {
    const entries = new Map<string, ConfigNode>();
    const merged: [Node | null, Place][] = [];
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const key = isScalar(pair.key) ? (pair.key.source ?? '') : '';
      const line = this.#lineOf(pair.key, place.line);
      const path = pathOf(place.path, key);
      if (isScalar(pair.key) && pair.key.type === 'PLAIN' && key === '<<') {
        merged.push([pair.value, { path, line, secret: place.secret }]);
      } else if (this.#mayBeKey(key, { path, line, secret: place.secret }, entries.get(key))) {
        entries.set(key, this.#node(pair.value, { path, line, secret: isSecretKey(key, place) }));
      }
    }
    for (const [source, at] of merged) this.#merge(source, place, at, entries);
    return { ...place, kind: 'map', entries };
  }

  #mayBeKey(key: string, place: Place, earlier: ConfigNode | undefined): boolean {
    if (key === '') this.#problem(place, 'A key must be a text. Write it in quotes.');
    else if (FORBIDDEN_KEYS.has(key))
      this.#problem(place, `"${key}" cannot be used as a key. Write another name.`);
    else if (earlier !== undefined)
      this.#problem(place, `is written twice, first in line ${earlier.line}. Keep one.`);
    else return true;
    return false;
  }

  /** `<<: *name` or `<<: [*a, *b]`: the map's own keys win, then the earlier source. */
  #merge(source: Node | null, place: Place, at: Place, entries: Map<string, ConfigNode>): void {
    for (const item of isSeq(source) ? (source.items as Node[]) : [source]) {
      // Read as if written in the map itself, so that messages name the key that takes effect.
      const read = this.#node(item, place);
      if (read.kind !== 'map') this.#problem(at, 'can merge maps only, for example <<: *name.');
      else for (const [key, node] of read.entries) if (!entries.has(key)) entries.set(key, node);
    }
  }

  #lineOf(node: Node | null, otherwise: number): number {
    return node?.range ? this.yaml.lineAt(node.range[0]) : otherwise;
  }
}

/** Each alias with the node that it refers to: the nearest preceding anchor of its name. */
function findAnchors(root: ParsedNode): Map<Alias, Node> {
  const byName = new Map<string, Node>();
  const found = new Map<Alias, Node>();
  visit(root, {
    Alias: (_, alias) => {
      const node = byName.get(alias.source);
      if (node !== undefined) found.set(alias, node);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) byName.set(node.anchor, node);
    },
  });
  return found;
}
