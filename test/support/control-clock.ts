const TICK_MS = 10;

/**
 * Time as this process gets to see it: it advances by 10 ms whenever a timer of 10 ms has come, so it runs slow on a
 * machine that is busy with something else. A limit that a test must judge is judged by it, and never by the clock on the wall.
 */
export class ControlClock {
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.#next();
  }

  get elapsedMs(): number {
    return this.#ticks * TICK_MS;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#ticks++;
      this.#next();
    }, TICK_MS).unref();
  }
}

/** What `work` comes to, and how long it took by a control clock, milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const clock = new ControlClock();
  try {
    const value = await work();
    return { value, ms: clock.elapsedMs };
  } finally {
    clock.stop();
  }
}
