import { readFileSync } from 'node:fs';

export const SAMPLE_MS = 25;
/** Samples kept: longer than any call takes. */
const KEPT = 400;
/** Waiting for a processor for so long, while a call was under way or shortly before, says more than the call does. */
const STARVED_MS = 200;
/** In a crowd it takes such a part of the time. */
const CROWDED_SHARE = 0.25;
/** What comes of it lasts for so long: queues that have to be worked off, look-ups that ran into their time-outs. */
const AFTERMATH_MS = 1_500;
/** Part of the time that passes whatever the machine does, so that nothing waits for ever. */
const LEAST_SHARE = 0.02;

/** Time as the programs get to see it, and whether they got any. */
export interface MachineTime {
  /** Milliseconds without those in which one of the programs was ready to run and got no processor. */
  nowMs(): number;
  /** Milliseconds by the clock on the wall, from some moment on. */
  wallMs(): number;
  /**
   * True when a call that arrived at `fromMs` and ends now suffered from a lack of processors.
   * @param isCrowded the programs are kept busy on purpose, so waiting a little for each other is a part of the play
   */
  starved(fromMs: number, isCrowded: boolean): boolean;
}

/** Of a main thread, milliseconds since it started. */
export interface Thread {
  readonly ranMs: number;
  readonly waitedMs: number;
}

/** Where the figures come from. */
export interface Kernel {
  wallMs(): number;
  /** `undefined` once the process is gone. */
  mainThread(pid: number): Thread | undefined;
}

interface Sample {
  readonly wallMs: number;
  readonly machineMs: number;
  readonly threads: readonly Thread[];
  /** What each program has lost so far, milliseconds; this one first. */
  readonly lostMs: readonly number[];
}

/**
 * What the machine does to the programs on it: how long their main threads were ready to run and got no processor, as the
 * kernel counts it, and how late this program wakes up though it has not run, which waiting for a disk can do as well. On
 * a machine that is busy with something else its clock runs slow, so calls arrive more slowly, and limits that are read
 * from it stretch. Where there is no `/proc`, only this program's own delay is known.
 */
export class Machine implements MachineTime {
  readonly #samples: Sample[];
  readonly #timer: NodeJS.Timeout;
  #latestMs = 0;

  /** @param pids of programs that answer calls; this one is watched as well */
  constructor(
    private readonly pids: readonly number[],
    private readonly kernel: Kernel = { wallMs: () => performance.now(), mainThread },
  ) {
    const threads = this.#threads();
    this.#samples = [
      { wallMs: kernel.wallMs(), machineMs: 0, threads, lostMs: threads.map(({ waitedMs }) => waitedMs) },
    ];
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  nowMs(): number {
    const { machineMs, wallMs } = this.#samples.at(-1)!;
    const sinceMs = Math.min(2 * SAMPLE_MS, this.kernel.wallMs() - wallMs);
    return (this.#latestMs = Math.max(this.#latestMs, machineMs + sinceMs));
  }

  wallMs(): number {
    return this.kernel.wallMs();
  }

  starved(fromMs: number, isCrowded: boolean): boolean {
    const first =
      this.#samples.findLast(({ machineMs }) => machineMs <= fromMs - AFTERMATH_MS) ?? this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    const limitMs = isCrowded ? CROWDED_SHARE * (last.wallMs - first.wallMs) : STARVED_MS;
    return last.lostMs.some((ms, index) => ms - first.lostMs[index]! > limitMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const before = this.#samples.at(-1)!;
    const wallMs = this.kernel.wallMs();
    const gapMs = wallMs - before.wallMs;
    const threads = this.#threads(before);
    const lostNowMs = threads.map(({ waitedMs }, index) => waitedMs - before.threads[index]!.waitedMs);
    const ranMs = threads[0]!.ranMs - before.threads[0]!.ranMs;
    lostNowMs[0] = Math.max(lostNowMs[0]!, gapMs - 2 * SAMPLE_MS - ranMs);
    this.#samples.push({
      wallMs,
      machineMs: before.machineMs + Math.max(LEAST_SHARE * gapMs, gapMs - Math.max(...lostNowMs)),
      threads,
      lostMs: lostNowMs.map((ms, index) => before.lostMs[index]! + Math.max(0, ms)),
    });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  #threads(before?: Sample): Thread[] {
    return [process.pid, ...this.pids].map(
      (pid, index) => this.kernel.mainThread(pid) ?? before?.threads[index] ?? { ranMs: 0, waitedMs: 0 },
    );
  }
}

function mainThread(pid: number): Thread | undefined {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}
