export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { q1: at(sorted, 0.25), median: at(sorted, 0.5), q3: at(sorted, 0.75) };
}

/** @param sorted ascending */
export function at(sorted, share) {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** Quartiles of one value over another, round by round: what disturbs a round disturbs both. */
export function ratios(values, others) {
  return quartiles(values.map((value, round) => value / others[round]));
}
