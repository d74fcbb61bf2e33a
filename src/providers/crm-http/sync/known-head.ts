import type { ExclusiveRight } from '../../../plugin-api/index.js';
import type { CopyHead, CopyStore } from './copy-store.js';

/** The copy's head as this instance last read or wrote it. */
export class KnownHead {
  #current: CopyHead = {};
  #version: number | undefined;
  /** Of this instance. */
  #commits = 0;

  constructor(private readonly store: Pick<CopyStore, 'head' | 'commit'>) {}

  get current(): CopyHead {
    return this.#current;
  }

  async read(): Promise<void> {
    let commits: number;
    let read: Awaited<ReturnType<CopyStore['head']>>;
    do {
      commits = this.#commits;
      read = await this.store.head();
      // What was read before a commit of ours came is old.
    } while (commits !== this.#commits);
    ({ head: this.#current, version: this.#version } = read);
  }

  /** @throws VipLookupError when another instance has written one meanwhile, or the right is lost */
  async commit(head: CopyHead, right: ExclusiveRight): Promise<void> {
    await this.store.commit(head, this.#version, right);
    this.#current = head;
    this.#version = (this.#version ?? 0) + 1;
    this.#commits++;
  }
}
