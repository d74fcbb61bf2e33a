/** The part of one that a text such as `30%` means; `undefined` when it is none. */
export function readPercent(text: unknown): number | undefined {
  const [, amount] = (typeof text === 'string' && /^(\d{1,3})%$/.exec(text.trim())) || [];
  const part = Number(amount) / 100;
  return part <= 1 ? part : undefined;
}

export function percentProblem(text: unknown): string | undefined {
  return readPercent(text) === undefined
    ? 'is not a share. Write a whole number from 0 to 100 with a percent sign, for example 30%. Default: 30%.'
    : undefined;
}
