/** What takes longer has to be waited for. */
const AT_ONCE_MS = 1;
/** How long that is held against a provider: it may be asked in vain now and then, and is not left out for ever. */
const SHOWN_MS = 1_000;

/** Whether a provider has to be waited for, as its latest lookups tell. */
export class Promptness {
  /** When a lookup was last begun that had to be waited for, unless one has been answered at once since. */
  #waitedMs = -Infinity;

  hadToWait(nowMs: number): void {
    this.#waitedMs = nowMs;
  }

  answeredWithin(ms: number): void {
    if (ms <= AT_ONCE_MS) this.#waitedMs = -Infinity;
  }

  isLacking(nowMs: number): boolean {
    return nowMs - this.#waitedMs < SHOWN_MS;
  }
}
