/**
 * A stored text and its version.
 * @since 0.1.0
 */
export interface StoredText {
  readonly text: string;
  /** Increases with each write; pass it to `write`. */
  readonly version: number;
}

/**
 * The exclusive right to do something, which is passed to the work that is done under it.
 * @since 0.2.0
 */
export interface ExclusiveRight {
  /**
   * Whether the right was taken over from a holder whose time was over, and who may be suspended and resume later.
   * Then first change the texts that this holder may have read, so that none of its writes finds the version that it
   * knows.
   */
  readonly isTakenOver: boolean;
  /**
   * Whether, by the clocks of this machine, nobody else can have the right yet. Check it at the last moment before an
   * action that cannot be undone, and soon after `confirm`, because clocks stop while a virtual machine is moved.
   */
  readonly isHeld: boolean;
  /**
   * Asks the database whether the right is still held, and renews it.
   * @returns false if it was lost
   * @throws VipLookupError when the database cannot be used
   */
  confirm(): Promise<boolean>;
}

/**
 * Data of a provider that survives restarts: texts under its own keys, in the service's own database
 * (`DATABASE_URL`), shared by all instances of the service that have a provider of this name. Encrypt secrets.
 *
 * All methods reject with a `VipLookupError` when the database cannot be used. Nothing that a call waits for should
 * depend on it.
 * @since 0.1.0
 */
export interface ProviderState {
  /** @returns `undefined` if nothing was written under the key */
  read(key: string): Promise<StoredText | undefined>;
  /**
   * Writes, unless another instance was faster (compare and swap).
   * @param key at most 100 characters
   * @param text at most 1 MiB in UTF-8
   * @param version of the text that this one replaces; `undefined`: the key must not exist yet
   * @param right the text is written only if nobody else has the right; check and write are one atomic step
   * @returns false if there is another version by now: read again
   * @throws VipLookupError if the right was lost; then nothing was written
   */
  write(key: string, text: string, version: number | undefined, right?: ExclusiveRight): Promise<boolean>;
  /** All keys with a stored text, in no particular order. */
  keys(): Promise<string[]>;
  /**
   * Removes the text of the key, if there is one.
   * @param right as with `write`
   */
  remove(key: string, right?: ExclusiveRight): Promise<void>;
  /**
   * Does something that only one instance may do at a time. An instance that dies meanwhile blocks the others for
   * half a minute at most.
   * @param name of the task; at most 100 characters
   * @param work gets a signal that aborts when the exclusive right is lost. A suspended process continues for a
   *   moment before it learns that; use `right` for everything that must not happen then
   * @returns `undefined` if another instance is doing it
   */
  exclusively<T>(
    name: string,
    work: (signal: AbortSignal, right: ExclusiveRight) => Promise<T>,
  ): Promise<T | undefined>;
}
