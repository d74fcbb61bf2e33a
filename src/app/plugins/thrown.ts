const MAX_SHOWN_CHARACTERS = 200;

/** What is wrong with a plug-in; the message is a predicate whose subject is its name, with what to do. */
export class PluginProblem extends Error {
  override readonly name = 'PluginProblem';
}

/** What a plug-in threw, for a message. */
export interface Thrown {
  /** Code, or name, of an error. */
  readonly kind: string | undefined;
  /** The first line of an error's message, or what was thrown instead of an error. */
  readonly said: string;
}

/** @param thrown anything: a plug-in may throw `null`, a text, or a proxy that itself throws */
export function readThrown(thrown: unknown): Thrown {
  try {
    if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) {
      return { kind: undefined, said: `it throws ${shown(thrown)}, which is not an error` };
    }
    const { code, name, message } = thrown as Record<string, unknown>;
    if (typeof message !== 'string') {
      return {
        kind: undefined,
        said: `it throws ${typeof thrown === 'function' ? 'a function' : 'an object'} without a message`,
      };
    }
    const kind = [code, name].find((one) => typeof one === 'string' && one !== '') as string | undefined;
    return { kind, said: message.split('\n', 1)[0]! };
  } catch {
    return { kind: undefined, said: 'it throws something that cannot be inspected' };
  }
}

/** ` (TypeError): no backend` */
export function inBrackets({ kind, said }: Thrown): string {
  return `${kind === undefined ? '' : ` (${kind})`}: ${said}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}
