/**
 * A number as logs may show it: `+358501231234` becomes `+35850*****34`. A long number keeps its first six and last
 * two characters; a short one at most two thirds, so that an extension is not shown in full.
 */
export function maskNumber(text: string): string {
  const head = Math.min(6, Math.floor(text.length / 2));
  const tail = Math.min(2, Math.floor(text.length / 6));
  const hidden = Math.min(text.length - head - tail, 20);
  return `${text.slice(0, head)}${'*'.repeat(hidden)}${tail === 0 ? '' : text.slice(-tail)}`;
}

/** The text with everything that could be a telephone number masked, for messages from other code. */
export function maskNumbersIn(text: string): string {
  return text.replace(/\+?\d(?:[ ().-]{0,2}\d){6,}/g, maskNumber);
}
