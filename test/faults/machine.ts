import { readFileSync } from 'node:fs';

const SAMPLE_MS = 25;
/** Samples kept: longer than any call takes. */
const KEPT = 400;
/** Waiting for a processor for so long, while a call was under way or shortly before, says more than the call does. */
const STARVED_MS = 200;
/** In a crowd it takes such a part of the time. */
const CROWDED_SHARE = 0.25;
/** What comes of it lasts for so long: queues that have to be worked off, look-ups that ran into their time-outs. */
const AFTERMATH_MS = 1_500;

/**
 * What the machine does to the programs on it: how long their main threads were ready to run and got no processor, as the
 * kernel counts it, and how late this program wakes up, which waiting for a disk can do as well. A machine that is busy
 * with something else makes calls late whatever the service does; such calls are told apart. Where there is no `/proc`,
 * only this program's own delay is known.
 */
export class Machine {
  readonly #samples: { readonly atMs: number; readonly waited: readonly number[] }[] = [];
  readonly #timer: NodeJS.Timeout;
  #lateMs = 0;

  /** @param pids of programs that answer calls; this one is watched as well */
  constructor(private readonly pids: readonly number[]) {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /**
   * True when a call that arrived at `fromMs` and ends now suffered from a lack of processors.
   * @param isCrowded the programs are kept busy on purpose, so waiting a little for each other is a part of the play
   */
  starved(fromMs: number, isCrowded: boolean): boolean {
    const first = this.#samples.findLast(({ atMs }) => atMs <= fromMs - AFTERMATH_MS) ?? this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    const limitMs = isCrowded ? CROWDED_SHARE * (last.atMs - first.atMs) : STARVED_MS;
    const watched = isCrowded ? last.waited.slice(0, -1) : last.waited;
    return watched.some((ms, index) => ms - first.waited[index]! > limitMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const before = this.#samples.at(-1);
    const atMs = performance.now();
    if (before !== undefined) this.#lateMs += Math.max(0, atMs - before.atMs - 2 * SAMPLE_MS);
    const waited = [process.pid, ...this.pids].map(
      (pid, index) => waitedMs(pid) ?? before?.waited[index] ?? 0,
    );
    this.#samples.push({ atMs, waited: [...waited, this.#lateMs] });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }
}

/** How long the main thread of a process has waited for a processor; `undefined` once it is gone. */
function waitedMs(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}
