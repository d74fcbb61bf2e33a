import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { OrdinaryFileError, readOrdinaryFileSync } from '../common/ordinary-file.js';
import { parseYaml } from '../common/yaml.js';
import type { YamlProblem } from '../common/yaml.js';
import { ConfigError } from './config-error.js';
import type { ConfigProblem } from './config-error.js';
import { itemsAt, textOf } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';
import type { InterpolationSources, TextOrProblem } from './interpolation.js';
import { readTree } from './read-tree.js';

export type Variables = InterpolationSources['variables'];

/** Relative to the working directory. */
export const DEFAULT_CONFIG = 'config/smartrouting.yaml';
const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_SECRET_BYTES = 64 * 1024;

export interface PluginEntry {
  /** An npm package, or the path of a module that starts with `.` or `/`. */
  readonly name: string;
  /** Path as in messages, `plugins[0]`. */
  readonly key: string;
}

/** A configuration file that is YAML, not yet checked. */
export interface ConfigSource {
  readonly file: string;
  /** Directory that relative paths start from. */
  readonly directory: string;
  /** The path for messages: relative to the working directory if it is below it. */
  readonly shownAs: string;
  /** The items of `plugins:` that are texts. */
  readonly plugins: readonly PluginEntry[];
  readonly root: ConfigMap;
  /** Absolute paths of all files that contain the configuration: itself, those of `${file:…}`, and those with options. */
  readonly files: Set<string>;
  /** Problems already found; `checkConfig` reports them together with the rest. */
  readonly problems: readonly ConfigProblem[];
  /**
   * An error about keys that was found outside this room (a plug-in that cannot be loaded), together with the
   * problems already found.
   * @param found `key` is a path as in messages, `plugins[0]`; its line is added
   */
  error(found: readonly ConfigProblem[]): ConfigError;
}

/**
 * First stage: reads the file and replaces `${…}`. The second, `checkConfig`, needs the kinds of provider that
 * `plugins` provide.
 * @param environment from `readEnvironment`: which file, and the variables for `${NAME}`
 * @param files gets the paths of all files, including those that cannot be read
 * @throws ConfigError when the file cannot be read, is too large or is not a YAML map
 */
export async function readConfigFile(
  { configFile, variables }: { readonly configFile: string; readonly variables: Variables },
  files = new Set<string>(),
): Promise<ConfigSource> {
  const file = resolve(configFile);
  files.add(file);
  const read = readTextFile(file, MAX_CONFIG_BYTES);
  if ('text' in read) return parseConfig(read.text, configFile, variables, files);
  const cure =
    configFile === DEFAULT_CONFIG
      ? 'Set SMARTROUTING_CONFIG to the path of your configuration, or start in the folder that holds config/smartrouting.yaml.'
      : 'Check the name, and that the user who runs the service may read it.';
  throw new ConfigError(shownPath(configFile), [{ key: '', message: `The file ${read.problem}. ${cure}` }]);
}

/**
 * The same for a text that has already been read.
 * @param file path of the text; relative paths and messages need it
 */
export function parseConfig(
  text: string,
  file: string,
  variables: Variables,
  files = new Set<string>(),
): ConfigSource {
  const shownAs = shownPath(file);
  const refuse = (...problems: ConfigProblem[]) => new ConfigError(shownAs, problems);
  const yaml = parseYaml(text);
  const ofFile = (found: YamlProblem): ConfigProblem => ({ ...found, key: '' });
  if (yaml.syntax.length > 0) throw refuse(...yaml.syntax.map(ofFile));

  const absolute = resolve(file);
  const directory = dirname(absolute);
  const problems = yaml.problems.map(ofFile);
  const fileText = (path: string): TextOrProblem => {
    const named = resolve(directory, path);
    files.add(named);
    const read = readTextFile(named, MAX_SECRET_BYTES);
    return 'text' in read ? { text: read.text.replace(/\r?\n$/, '') } : read;
  };
  const root = readTree(yaml, { variables, file: fileText }, problems) ?? EMPTY;
  if (root.kind !== 'map' && !(root.kind === 'scalar' && root.value === null)) {
    const message = 'The file is not a map of keys. Start with credentials:, providers: and targets:.';
    throw refuse({ line: root.line, key: '', message });
  }
  const map = root.kind === 'map' ? root : EMPTY;
  const plugins = itemsAt(map, 'plugins').flatMap((item) => {
    const name = textOf(item);
    return name === undefined ? [] : [{ name, key: item.path }];
  });
  return {
    file: absolute,
    directory,
    shownAs,
    plugins,
    root: map,
    files,
    problems,
    error: (found) =>
      refuse(
        ...problems,
        ...found.map((one) => ({ ...one, line: one.line ?? findNode(map, one.key)?.line })),
      ),
  };
}

/** Relative to the working directory if the file is below it, as the administrator knows it. */
function shownPath(file: string): string {
  const below = relative(process.cwd(), resolve(file));
  return below === '' || below.startsWith('..') || isAbsolute(below) ? resolve(file) : below;
}

function findNode(node: ConfigNode, path: string): ConfigNode | undefined {
  if (node.path === path) return node;
  const children = node.kind === 'map' ? [...node.entries.values()] : node.kind === 'list' ? node.items : [];
  for (const child of children) {
    const found = findNode(child, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

const EMPTY: ConfigMap = { kind: 'map', path: '', line: 1, secret: false, entries: new Map() };

/** Reads a small UTF-8 text file; the problem is a predicate (`does not exist`). */
function readTextFile(path: string, maxBytes: number): TextOrProblem {
  try {
    const bytes = readOrdinaryFileSync(path, maxBytes);
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof OrdinaryFileError) return { problem: error.message };
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    return { problem: 'is not UTF-8 text' };
  }
}
