/** Header names, in lower case, and values. */
export type AuthHeaders = Readonly<Record<string, string>>;

/** The credentials of requests to one CRM. */
export interface CrmAuth {
  /** Why there are none now, or soon will be none; for operations. `undefined` when all is well. */
  readonly trouble: string | undefined;
  /** Gets the first credentials before calls come. Never rejects: lookups and `trouble` tell what is wrong. */
  open(): Promise<void>;
  /**
   * The headers that carry the credentials; at once where there are any.
   * @throws VipLookupError when there are none to be had
   */
  headers(signal: AbortSignal): AuthHeaders | Promise<AuthHeaders>;
  /**
   * To be called when the CRM has refused credentials (401).
   * @param used what `headers` gave
   * @returns true when there are others by now, and another try makes sense
   * @throws VipLookupError when others are needed and not to be had
   */
  renewed(used: AuthHeaders, signal: AbortSignal): Promise<boolean>;
  /** To be called when the CRM has taken credentials, whatever it answered otherwise. */
  taken(used: AuthHeaders): void;
  /** To be called when the CRM has refused new credentials too, in the second try. */
  refusedAnew(used: AuthHeaders): void;
  close(): Promise<void>;
}
