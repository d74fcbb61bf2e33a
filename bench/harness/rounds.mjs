import { vipAnswerBytes } from './raw.mjs';
import { quartiles } from './statistics.mjs';
import { measure, saturate } from './wrk.mjs';

/** Says on a terminal what is going on, in one line that is written over. */
export function tell(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/**
 * Measures subjects in turn, every other round in the opposite order.
 * @returns rounds by the subject's name
 */
export async function interleaved(subjects, { rounds, seconds, warmUpSeconds, load }) {
  const results = new Map(subjects.map(({ name }) => [name, []]));
  const loadOf = (subject) => (typeof load === 'function' ? load(subject) : load);
  for (const subject of subjects) {
    tell(`warming up ${subject.name}`);
    await saturate(subject, { ...loadOf(subject), seconds: warmUpSeconds });
    subject.clearLog();
    subject.answerBytes = await vipAnswerBytes(subject);
  }
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse()) {
      tell(`round ${round + 1} of ${rounds}: ${subject.name}`);
      results.get(subject.name).push(await measure(subject, { ...loadOf(subject), seconds }));
    }
  }
  tell('');
  return results;
}

/** What is printed of each subject's rounds. */
export function rowsOf(subjects, results) {
  return subjects.map(({ name }) => {
    const of = (property) => quartiles(results.get(name).map((round) => round[property]));
    return { subject: name, perSecond: of('perSecond'), cpuMicroseconds: of('cpuMicroseconds') };
  });
}
