/** The share of times that are kept for Welch's t: interrupts and garbage collections are not related to a secret. */
const KEPT = 0.9;

/**
 * How two samples of times differ.
 * @param first times in milliseconds, taken in turns with those of `second`
 * @returns `medianUs`: of the medians, microseconds, positive when the second lot takes longer; `t`: Welch's of the times
 *   below the 90th percentile, beyond 4.5 either way dudect calls them distinguishable; `longer`: how likely a time of the
 *   second lot is the longer one (Mann-Whitney's U as a share), 0.5 tells nothing, 1 everything
 */
export function difference(first, second) {
  const limit = quantile([...first, ...second], KEPT);
  const [a, b] = [first, second].map((times) => moments(times.filter((time) => time <= limit)));
  return {
    medianUs: (quantile(second, 0.5) - quantile(first, 0.5)) * 1_000,
    t: (b.mean - a.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count),
    longer: shareOfLonger(first, second),
  };
}

function moments(values) {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))];
}

function shareOfLonger(first, second) {
  let longer = 0;
  for (const a of first) for (const b of second) longer += b > a ? 1 : b === a ? 0.5 : 0;
  return longer / (first.length * second.length);
}
