import { isDeepStrictEqual } from 'node:util';
import type { CompletedOptions, CompletionTools, OptionProblem } from '../common/completed-options.js';
import { isPlainObject } from '../common/json.js';
import type { OptionsClass } from './class-metadata.js';
import { childOf, isSecretKey, pathOf, shorten, toPlain } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';
import type { Report } from './report.js';

/** The parts of a provider's kind that concern its options. */
export interface Kind {
  readonly options: OptionsClass;
  /** The option that stands for others, such as `preset`. */
  readonly completedBy?: string;
  readonly complete?: (
    written: Readonly<Record<string, unknown>>,
    tools: CompletionTools,
  ) => CompletedOptions;
  readonly advise?: (options: never) => readonly OptionProblem[];
}

/** Warns of what the kind says about options that can be used. */
export function adviseProvider(node: ConfigMap, { advise }: Kind, options: object, report: Report): void {
  for (const { path, message } of advise?.(options as never) ?? []) {
    let found: ConfigNode = node;
    for (const key of path) found = childOf(found, key) ?? found;
    report.warn(found, message);
  }
}

/**
 * Lets the kind complete the options; added keys get the line of the key that added them.
 * @returns no `node` when it is not known what they come to; `isWhole` when nothing is missing because of a problem that is
 *   reported already
 */
export function completeProvider(
  node: ConfigMap,
  { completedBy, complete }: Kind,
  tools: CompletionTools,
  report: Report,
): { readonly node: ConfigMap | undefined; readonly isWhole: boolean } {
  const cause = completedBy === undefined ? undefined : node.entries.get(completedBy);
  if (cause === undefined || complete === undefined) return { node, isWhole: true };
  const written = new Map([...node.entries].filter(([key]) => key !== 'kind'));
  const { options, problems } = complete(
    toPlain({ ...node, entries: written }) as Record<string, unknown>,
    tools,
  );
  for (const { path, message } of problems) reportAt(node, path, message, cause.line, report);
  const isWhole = problems.length === 0;
  if (options === undefined) return { node: undefined, isWhole };
  const origin = `${completedBy}${cause.kind === 'scalar' && !cause.secret ? ` ${shorten(cause.written)}` : ''}`;
  const kind = [...node.entries].filter(([key]) => key === 'kind');
  const entries = new Map([...kind, ...place(options, node, { line: cause.line, origin })]);
  return { node: { ...node, entries }, isWhole };
}

function reportAt(
  node: ConfigMap,
  path: readonly string[],
  message: string,
  line: number,
  report: Report,
): void {
  let found: ConfigNode | undefined = node;
  for (const key of path) found = childOf(found, key);
  if (found !== undefined) report.at(found, message);
  else report.add({ line, key: path.reduce(pathOf, node.path), message });
}

type Addition = Pick<ConfigNode, 'line' | 'origin'>;

/** Keys from the file keep their line; added keys get the line of the key that added them. */
function place(
  values: Readonly<Record<string, unknown>>,
  parent: ConfigMap,
  addition: Addition,
): Map<string, ConfigNode> {
  return new Map(
    Object.entries(values).map(([key, value]) => {
      const written = parent.entries.get(key);
      if (written !== undefined && isDeepStrictEqual(toPlain(written), value)) return [key, written];
      const added = { ...addition, path: pathOf(parent.path, key), secret: isSecretKey(key, parent) };
      if (written?.kind === 'map' && isPlainObject(value)) {
        const entries = place(value, written, addition);
        return [key, { ...written, entries }];
      }
      return [key, nodeOf(value, written === undefined ? added : { ...added, line: written.line })];
    }),
  );
}

function nodeOf(value: unknown, at: Addition & Pick<ConfigNode, 'path' | 'secret'>): ConfigNode {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => nodeOf(item, { ...at, path: `${at.path}[${index}]` }));
    return { ...at, kind: 'list', items };
  }
  if (isPlainObject(value)) {
    const empty: ConfigMap = { ...at, kind: 'map', entries: new Map() };
    return { ...empty, entries: place(value, empty, at) };
  }
  const scalar = value as string | number | boolean | null;
  return { ...at, kind: 'scalar', value: scalar, written: String(scalar ?? ''), variable: false };
}
