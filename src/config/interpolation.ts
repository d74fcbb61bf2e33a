/** A text, or why it cannot be used. */
export type TextOrProblem = { readonly text: string } | { readonly problem: string };

/** The sources for `${…}`. */
export interface InterpolationSources {
  /** Environment variables; an absent or `undefined` one is not set. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** A file's content without its last line end. */
  readonly file: (path: string) => TextOrProblem;
}

const PART = /\$\$\{|\$\{([^}]*)(\}?)/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const RULE =
  'has a ${ that is not understood. Write ${NAME}, ${NAME:-default} or ${file:/run/secrets/name}; a literal ${ is written $${.';

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${file:path}`; `$${` is a literal `${`. The inserted text is not
 * interpreted again. As in a shell, the default also replaces a variable that is set but empty.
 * @returns `whole`: the text is one `${…}` and nothing else
 */
export function interpolate(
  text: string,
  sources: InterpolationSources,
): { readonly text: string; readonly whole: boolean; readonly problem?: string } {
  if (!text.includes('${')) return { text, whole: false };
  let problem: string | undefined;
  const filled = text.replace(PART, (part, inner: string | undefined, end: string) => {
    if (part === '$${') return '${';
    const found = end === '' ? { problem: RULE } : lookUp(inner ?? '', sources);
    if ('text' in found) return found.text;
    problem ??= found.problem;
    return part;
  });
  const whole = /^\$\{[^}]*\}$/.test(text);
  return problem === undefined ? { text: filled, whole } : { text, whole, problem };
}

function lookUp(inner: string, sources: InterpolationSources): TextOrProblem {
  if (inner.startsWith('file:') && inner.length > 'file:'.length) {
    const path = inner.slice('file:'.length);
    const file = sources.file(path);
    return 'text' in file
      ? file
      : { problem: `takes its text from the file ${path}, which ${file.problem}.` };
  }
  const [, name, standIn] = VARIABLE.exec(inner) ?? [];
  if (name === undefined) return { problem: RULE };
  const value = Object.hasOwn(sources.variables, name) ? sources.variables[name] : undefined;
  if (standIn !== undefined) return { text: value === undefined || value === '' ? standIn : value };
  return value === undefined
    ? {
        problem: `needs the environment variable ${name}, which is not set. Set it, or write \${${name}:-default}.`,
      }
    : { text: value };
}
