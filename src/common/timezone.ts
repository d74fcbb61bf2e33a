import { nearName } from './near-name.js';

const DAY_MS = 86_400_000;
/** Lists name the same few days again and again, and to ask for an offset takes microseconds. */
const MAX_KNOWN = 10_000;

/** Whether it is the IANA name of a time zone, in any case: `Europe/Helsinki`, `UTC`. */
export function isTimezone(name: string): boolean {
  // Newer versions of Node take offsets (`+02:00`) as well, which know no summer time.
  if (!/^[a-z]/i.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    // It throws for every name that it does not know, and for nothing else.
    return false;
  }
}

/** The time zone that a misspelt name, or the name of a city alone, probably means. */
export function nearTimezone(name: string): string | undefined {
  const known = Intl.supportedValuesOf('timeZone');
  const city = `/${name.trim().toLowerCase().replaceAll(' ', '_')}`;
  return known.find((zone) => zone.toLowerCase().endsWith(city)) ?? nearName(name, [...known, 'UTC']);
}

/** Turns what a clock on the wall shows into instants, and back. Wall times are milliseconds as if the clock showed UTC. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #instants = new Map<number, number>();

  private constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  }

  static readonly #clocks = new Map<string, WallClock>();

  /** @throws RangeError when there is no such time zone */
  static in(timezone: string): WallClock {
    let clock = WallClock.#clocks.get(timezone);
    if (clock === undefined) WallClock.#clocks.set(timezone, (clock = new WallClock(timezone)));
    return clock;
  }

  /** What the clock shows at an instant. */
  at(ms: number): number {
    return ms + this.#offsetMs(ms);
  }

  /**
   * When the clock first shows a time. One that it never shows, because it is put forward past it, is taken as if it had not
   * been: where that happens at midnight, a day begins at that moment.
   */
  instantOf(wallMs: number): number {
    const known = this.#instants.get(wallMs);
    if (known !== undefined) return known;
    const before = wallMs - this.#offsetMs(wallMs - DAY_MS);
    const after = wallMs - this.#offsetMs(wallMs + DAY_MS);
    const shown = [before, after].filter((ms) => this.at(ms) === wallMs);
    const ms = shown.length === 0 ? before : Math.min(...shown);
    if (this.#instants.size === MAX_KNOWN) this.#instants.clear();
    this.#instants.set(wallMs, ms);
    return ms;
  }

  #offsetMs(ms: number): number {
    const [, sign, hours, minutes, seconds = 0] =
      /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(this.#format.format(ms)) ?? [];
    if (sign === undefined) return 0;
    const offset = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
    return sign === '-' ? -offset : offset;
  }
}
