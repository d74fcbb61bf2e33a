import { VipLookupError } from '../../../plugin-api/index.js';
import type { ExclusiveRight, Json, ProviderState, StoredText } from '../../../plugin-api/index.js';

/** The state of the copy that all instances share. */
export interface CopyHead {
  readonly copy?: CopyState;
  readonly attempt?: PullAttempt;
}

/** The copy in use: the parts 0 … `parts` - 1 of a generation, in this order. */
export interface CopyState {
  /** Each full pull creates one. */
  readonly generation: string;
  /** The first parts are from the full pull; each pull of changes adds its own. */
  readonly parts: number;
  /** Contacts that have a tier and a number. */
  readonly contacts: number;
  /** Contacts without a usable id since the last full pull, which cannot be kept one by one; absent: none. */
  readonly unnamed?: UnnamedContacts;
  /** It has no VIP although the CRM listed contacts, and that was confirmed. */
  readonly hasNoVips?: true;
  /** Of the last full pull. Absent: pulled by a version that did not note it. */
  readonly pages?: PagesPulled;
  /** Where the next pull of changes begins. */
  readonly cursor?: Json;
  /** When the last full pull began, ISO 8601. */
  readonly fullAt: string;
  /** When the last successful pull began, ISO 8601: later changes are not in the copy. */
  readonly pulledAt: string;
  /** Digest of the settings it was pulled with; if they change, a full pull is needed. */
  readonly source: string;
}

/** How the pages of a full pull came. */
export interface PagesPulled {
  /** Contacts on the first one. */
  readonly size: number;
  /** The first of another size that is not the last one; absent: there is none. */
  readonly uneven?: number;
  /** The last one had no contacts. */
  readonly endsEmpty?: boolean;
}

export interface UnnamedContacts {
  readonly count: number;
  /** Of the first three: where each stands, such as `2 on page 1`, and what is wrong with it. */
  readonly first: readonly (readonly [place: string, problem: string])[];
}

/** The last pull, if it failed. */
export interface PullAttempt {
  readonly at: string;
  /** In a row. */
  readonly failures: number;
  /** One sentence for operators. */
  readonly problem: string;
  /** The pull was complete, but its result must be confirmed. */
  readonly isRefused?: boolean;
}

/** Contacts: id, and document or `undefined` for one that is gone. */
export type Part = readonly (readonly [id: string, document: string | undefined])[];

const HEAD = 'sync';
/** Small enough to be written, read and indexed without delaying the calls that the same thread answers. */
const PART_CHARACTERS = 131_072;

/**
 * The copy in the service's own database: parts that are written once, and a head that lists the valid ones. A pull
 * writes parts that are not valid yet; a single write of the head makes all of them valid, so a failure before that
 * changes nothing.
 *
 * The version of the head is the fencing number of pulls. An instance that takes over an unfinished pull increments
 * it first. Otherwise the previous instance could resume without knowing, and list parts that have been deleted.
 */
export class CopyStore {
  /** As last read or written by this instance. */
  head: CopyHead = {};
  #version: number | undefined;
  /** Of this instance. */
  #commits = 0;

  constructor(private readonly state: ProviderState) {}

  async readHead(): Promise<void> {
    let commits: number;
    let stored: StoredText | undefined;
    do {
      commits = this.#commits;
      stored = await this.state.read(HEAD);
      // A result that was read before our own commit is outdated.
    } while (commits !== this.#commits);
    this.head = stored === undefined ? {} : (JSON.parse(stored.text) as CopyHead);
    this.#version = stored?.version;
  }

  /** @throws VipLookupError if another instance has written the head since it was read, or has the right now */
  async commit(head: CopyHead, right: ExclusiveRight): Promise<void> {
    if (!(await this.state.write(HEAD, JSON.stringify(head), this.#version, right))) {
      throw new VipLookupError('another instance changed the copy meanwhile; this one changed nothing');
    }
    this.head = head;
    this.#version = (this.#version ?? 0) + 1;
    this.#commits++;
  }

  /** @returns `undefined` when the part is gone */
  async part({ generation }: CopyState, number: number): Promise<Part | undefined> {
    const stored = await this.state.read(keyOf(generation, number));
    return stored?.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const end = line.indexOf('\t');
        return [line.slice(0, end), end + 1 < line.length ? line.slice(end + 1) : undefined];
      });
  }

  writer(generation: string, firstPart: number, right: ExclusiveRight): PartWriter {
    return new PartWriter(this.state, generation, firstPart, right);
  }

  /** Removes the parts that are not valid: those of earlier generations, and of unfinished pulls. */
  async sweep(right: ExclusiveRight, signal: AbortSignal): Promise<void> {
    const { copy } = this.head;
    for (const key of await this.state.keys()) {
      signal.throwIfAborted();
      const [, generation, part] = PART.exec(key) ?? [];
      const counts = generation === copy?.generation && Number(part) < (copy?.parts ?? 0);
      if (generation !== undefined && !counts) await this.state.remove(key, right);
    }
  }
}

export class PartWriter {
  #lines: string[] = [];
  #characters = 0;

  constructor(
    private readonly state: ProviderState,
    readonly generation: string,
    /** Parts of the generation, including those written before. */
    private next: number,
    private readonly right: ExclusiveRight,
  ) {}

  get parts(): number {
    return this.next;
  }

  async add(id: string, document: string | undefined): Promise<void> {
    const line = `${id}\t${document ?? ''}`;
    this.#lines.push(line);
    this.#characters += line.length + 1;
    if (this.#characters >= PART_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('\n');
    this.#lines = [];
    this.#characters = 0;
    const number = this.next++;
    if (!(await this.state.write(keyOf(this.generation, number), text, undefined, this.right))) {
      throw new VipLookupError('another instance is pulling into the same copy; this one changed nothing');
    }
  }
}

const PART = /^sync\.(\w+)\.(\d+)$/;

function keyOf(generation: string, part: number): string {
  return `sync.${generation}.${part}`;
}
