/** Counting is a query, and metrics are read every few seconds. */
const KEPT_MS = 60_000;

/** How many entries a table has, as of a minute ago at most where that is asked for regularly. */
export class EntryCount {
  #entries: number | undefined;
  #countedMs = -Infinity;

  /** @param count may reject: then it is not known */
  constructor(private readonly count: () => Promise<number | undefined>) {}

  /** What is known now; what is old is counted again for the next time. */
  get entries(): number | undefined {
    if (performance.now() - this.#countedMs > KEPT_MS) void this.refresh();
    return this.#entries;
  }

  /** Takes over what was counted for another reason. */
  note(entries: number | undefined): void {
    this.#countedMs = performance.now();
    this.#entries = entries;
  }

  /** Never rejects: health tells of a database that does not answer. */
  async refresh(): Promise<void> {
    this.#countedMs = performance.now();
    this.note(await this.count().catch(() => undefined));
  }
}
