import { ConfigError, formatProblem } from './config-error.js';
import type { ConfigProblem } from './config-error.js';
import { pathOf, shorten } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';

/**
 * Collects the problems of a configuration. A message is a sentence, or a predicate (`is not a duration. …`) whose
 * subject is the written text: `"1,2s" is not a duration. …`. Only the first problem of each key is kept.
 */
export class Report {
  readonly #problems = new Map<string, ConfigProblem>();
  readonly #warnings: ConfigProblem[] = [];

  constructor(known: readonly ConfigProblem[]) {
    for (const problem of known) this.add(problem);
  }

  add(problem: ConfigProblem): void {
    // A problem of the whole file has no key; there may be several, on different lines.
    const place = problem.key === '' ? `\n${problem.line ?? this.#problems.size}` : problem.key;
    if (this.#problems.has(place)) return;
    const message = /[.!?]$/.test(problem.message) ? problem.message : `${problem.message}.`;
    this.#problems.set(place, { ...problem, message });
  }

  at(node: ConfigNode, message: string): void {
    this.add({ line: node.line, key: node.path, message: sentence(node, message) });
  }

  /** A problem whose subject is the key, not the value. */
  atKey({ line, path, origin }: ConfigNode, message: string): void {
    this.add({ line, key: path, message: withOrigin(message, origin) });
  }

  /** A key that is missing in `parent`. */
  missing(parent: ConfigMap, key: string, message: string): void {
    const line = parent.path === '' ? undefined : parent.line;
    this.add({ line, key: pathOf(parent.path, key), message: withoutSubject(message, 'is missing') });
  }

  warn(node: ConfigNode, message: string): void {
    this.#warnings.push({ line: node.line, key: node.path, message: sentence(node, message) });
  }

  /** About a variable of the environment. */
  warnOf(variable: string, message: string): void {
    this.#warnings.push({ key: variable, message });
  }

  get problems(): IterableIterator<ConfigProblem> {
    return this.#problems.values();
  }

  /** In file order. */
  get warnings(): string[] {
    return inOrder(this.#warnings).map(formatProblem);
  }

  get hasProblems(): boolean {
    return this.#problems.size > 0;
  }

  throwIfAny(source: string): void {
    if (this.#problems.size > 0) throw new ConfigError(source, inOrder([...this.#problems.values()]));
  }
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** How predicates begin; other messages are whole sentences. */
const PREDICATE =
  /^(is|has|must|should|does|can|cannot|may|would|needs|takes|contains|starts|begins|ends|belongs)\b/;

function sentence(node: ConfigNode, message: string): string {
  if (node.origin !== undefined) return withOrigin(message, node.origin);
  if (!PREDICATE.test(message)) return message;
  if (node.kind !== 'scalar') return withoutSubject(message, `is a ${node.kind}`);
  if (node.value === null) return withoutSubject(message, 'is empty');
  // A credential that is a single text is usually a key and its secret written together.
  const isRunTogether = node.path.startsWith('credentials') && /^is not a (map|list)\b/.test(message);
  const isHidden = node.secret || isRunTogether || node.written === '' || maybeCredentials(node.written);
  // For a value that is blank, or of the wrong type.
  return isHidden || message.startsWith('is missing')
    ? message
    : `${JSON.stringify(shorten(node.written))} ${message}`;
}

function withOrigin(message: string, origin: string | undefined): string {
  if (origin === undefined) return message;
  return `${/[.!?]$/.test(message) ? message : `${message}.`} It comes from ${origin}.`;
}

/** `is not a duration. Write …` becomes `is missing. Write …`, `must be text` becomes `is missing; it must be text`. */
function withoutSubject(message: string, what: string): string {
  if (message.startsWith(what)) return message;
  const [, thing, rest] = /^is (?:not|no) ([^.]*)\.\s*(.*)$/s.exec(message) ?? [];
  if (thing !== undefined) {
    const contrast = what.startsWith('is a ') ? `, not ${thing}` : '';
    return rest === '' ? `${what}${contrast}.` : `${what}${contrast}. ${rest}`;
  }
  return /^(must|should) /.test(message) ? `${what}; it ${message}` : message;
}

/** A URL with a user and password or a query, or an Authorization value, under a key that does not tell. */
function maybeCredentials(written: string): boolean {
  return /:\S*@|[?&;][^=\s]+=|^(basic|bearer)\s/i.test(written);
}
