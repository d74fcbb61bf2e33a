/**
 * For a log of what may happen often: each kind is told at most once in `everyMs`, with how many there were since.
 * @param now milliseconds of a monotonic clock
 */
export function seldom(
  everyMs: number,
  now: () => number = () => performance.now(),
): (kind: string, tell: (count: number) => void) => void {
  const kinds = new Map<string, { count: number; quietUntilMs: number }>();
  return (name, tell) => {
    const kind = kinds.get(name) ?? { count: 0, quietUntilMs: -Infinity };
    kinds.set(name, kind);
    kind.count++;
    if (now() < kind.quietUntilMs) return;
    tell(kind.count);
    kinds.set(name, { count: 0, quietUntilMs: now() + everyMs });
  };
}
