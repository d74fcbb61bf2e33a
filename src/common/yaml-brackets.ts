import type { CST } from 'yaml';

export interface OpenBracket {
  readonly offset: number;
  readonly sign: '[' | '{';
}

/**
 * The first bracket that is not closed, and of those around it that are not closed either, the innermost: a bracket that is
 * closed by the wrong sign leaves those around it open.
 * @returns `undefined` where there is none, or where it is a quote that is not closed
 */
export function openBracketIn(document: CST.Token): OpenBracket | undefined {
  const left: (CST.Token | null | undefined)[] = [document];
  let found: OpenBracket | undefined;
  let end = 0;
  for (let token = left.pop(); token !== undefined || left.length > 0; token = left.pop()) {
    if (token == null) continue;
    if (isOpenQuote(token)) return undefined;
    if (token.type === 'document') left.push(token.value);
    if (!('items' in token)) continue;
    if (token.type === 'flow-collection' && !isClosed(token)) {
      const isInside = found === undefined || token.offset < end;
      if (isInside) {
        found = { offset: token.offset, sign: token.start.type === 'flow-seq-start' ? '[' : '{' };
        end = endOf(token);
      }
    }
    for (const item of [...token.items].reverse())
      left.push(item.value, 'key' in item ? item.key : undefined);
  }
  return found;
}

/** By its own sign, since any ends it. */
function isClosed({ start, end }: CST.FlowCollection): boolean {
  const sign = start.type === 'flow-seq-start' ? 'flow-seq-end' : 'flow-map-end';
  return end.some(({ type }) => type === sign);
}

function isOpenQuote(token: CST.Token): boolean {
  if (token.type !== 'double-quoted-scalar' && token.type !== 'single-quoted-scalar') return false;
  return token.source.length < 2 || !token.source.endsWith(token.source[0]!);
}

/** Offset of the last thing in a collection. */
function endOf(token: CST.Token): number {
  let last: CST.Token = token;
  while ('items' in last) {
    const item = last.items.at(-1);
    const next: CST.Token | null | undefined = item?.value ?? item?.key;
    if (next == null) break;
    last = next;
  }
  return last.offset + 1;
}
