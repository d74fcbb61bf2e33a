import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { apiKeyDigest, readApiKeyHash, readPasswordHash, verifyPassword } from '../common/secret-hash.js';
import type { PasswordHash } from '../common/secret-hash.js';
import { MAX_SECRET_BYTES } from './credentials.config.js';
import type { CredentialConfig } from './credentials.config.js';
import { RememberedLogins } from './remembered-logins.js';
import { VerificationQueue } from './verification-queue.js';
import type { Asker } from './verification-queue.js';

/** Who is asking: a configured credential without its secret. */
export type ClientCredential = Pick<CredentialConfig, 'id' | 'targets'>;
type Verification = Promise<ClientCredential | undefined>;

const WRONG_REMEMBERED = 1000;
const WRONG_TTL_MS = 60_000;
/** Derivations at a time: each takes one of Node's four worker threads, which file access and DNS also need. */
const PARALLEL = 2;
/** From this cost on, a derivation takes 32 MiB or more (128 MiB at today's cost), and only one runs at a time. */
const COSTLY_LN = 15;
const MAX_WAITING = 1000;
const UNKNOWN: Asker = { client: '', isWaiting: () => true };

/**
 * Digests are compared instead of the configured texts: they all have the same length, and comparing them reveals
 * nothing about the text.
 */
interface ApiKeyEntry {
  readonly client: ClientCredential;
  readonly digest: Buffer;
}
interface PlainEntry {
  readonly client: ClientCredential;
  readonly user: Buffer;
  readonly password: Buffer;
}
type HashedEntry = PlainEntry & { readonly hash: PasswordHash };

/**
 * The configured credentials, and the answer to "whose is this?". Immutable: another configuration has another store.
 * Wrong passwords are remembered as digests under a key that exists only in this object, correct logins by
 * `RememberedLogins`.
 */
export class CredentialStore {
  /** Accepted logins with these credentials. */
  readonly logins: RememberedLogins<ClientCredential>;
  readonly #key = randomBytes(32);
  readonly #apiKeys: readonly ApiKeyEntry[];
  readonly #plain: readonly PlainEntry[];
  readonly #hashed: readonly HashedEntry[];
  /**
   * What a wrong login costs for every user: at each cost, as many derivations as the user with the most such hashes
   * needs.
   */
  readonly #decoys: readonly PasswordHash[];
  readonly #wrong = new LRUCache<string, true>({ max: WRONG_REMEMBERED, ttl: WRONG_TTL_MS });
  readonly #pending = new Map<string, { readonly askers: Asker[]; readonly verification: Verification }>();
  readonly #queue: VerificationQueue;

  /**
   * @param verify compares a password with a hash; one key derivation per call
   * @param before the store that this one replaces: logins with unchanged credentials are still remembered
   */
  constructor(
    private readonly credentials: readonly CredentialConfig[],
    private readonly verify = verifyPassword,
    before?: CredentialStore,
  ) {
    this.logins = before?.logins.handedOn(({ id }) => this.#successor(before, id)) ?? new RememberedLogins();
    this.#apiKeys = credentials.flatMap((credential) => {
      const { apiKey } = credential;
      if (apiKey === undefined) return [];
      return [{ client: clientOf(credential), digest: readApiKeyHash(apiKey) ?? apiKeyDigest(apiKey) }];
    });
    const basic = credentials.flatMap((credential) => {
      const { username, password } = credential;
      if (username === undefined || password === undefined) return [];
      const [user, digest] = [username, password].map((text) => this.#textDigest(text)) as [Buffer, Buffer];
      return [{ client: clientOf(credential), user, password: digest, hash: readPasswordHash(password) }];
    });
    this.#hashed = basic.filter((entry): entry is HashedEntry => typeof entry.hash === 'object');
    this.#plain = basic.filter(({ hash }) => typeof hash !== 'object');
    this.#decoys = decoysFor(this.#hashed);
    const isCostly = this.#hashed.some(({ hash }) => hash.ln >= COSTLY_LN);
    this.#queue = new VerificationQueue(isCostly ? 1 : PARALLEL, MAX_WAITING);
  }

  /** The current client with this id, if its secret is unchanged. */
  #successor(before: CredentialStore, id: string): ClientCredential | undefined {
    const [was, is] = [before, this].map(({ credentials }) => credentials.find((one) => one.id === id));
    return is !== undefined && was !== undefined && secretOf(was) === secretOf(is) ? clientOf(is) : undefined;
  }

  /** @param presented the header's bytes; configured keys are UTF-8 */
  byApiKey(presented: Buffer): ClientCredential | undefined {
    if (presented.length > MAX_SECRET_BYTES) return undefined;
    const digest = apiKeyDigest(presented);
    return firstWhere(this.#apiKeys, (entry) => timingSafeEqual(entry.digest, digest))?.client;
  }

  /**
   * @param asker for a verification that has to wait
   * @throws QueueFullError when this verification was given up
   */
  async byPassword(
    user: string,
    password: string,
    asker: Asker = UNKNOWN,
  ): Promise<ClientCredential | undefined> {
    if (Buffer.byteLength(user) + Buffer.byteLength(password) > MAX_SECRET_BYTES) return undefined;
    const pair = this.#digest(JSON.stringify([user, password])).toString('base64');
    if (this.#wrong.has(pair)) return undefined;
    const [userDigest, passwordDigest] = [this.#textDigest(user), this.#textDigest(password)];
    const plain = firstWhere(this.#plain, (entry) => {
      const samePassword = timingSafeEqual(entry.password, passwordDigest);
      return timingSafeEqual(entry.user, userDigest) && samePassword;
    });
    if (plain !== undefined || this.#decoys.length === 0) return plain?.client;
    return this.#once(pair, asker, (askers) =>
      this.#queue.run(askers, () => this.#byDerivation(pair, userDigest, password)),
    );
  }

  /** Calls that arrive while a pair is being verified share that verification. */
  #once(pair: string, asker: Asker, verify: (askers: Asker) => Verification): Verification {
    const running = this.#pending.get(pair);
    running?.askers.push(asker);
    if (running !== undefined) return running.verification;
    const askers = [asker];
    const isWaiting = (): boolean => askers.some((one) => one.isWaiting());
    const verification = verify({ ...asker, isWaiting }).finally(() => this.#pending.delete(pair));
    this.#pending.set(pair, { askers, verification });
    return verification;
  }

  async #byDerivation(pair: string, user: Buffer, password: string): Verification {
    const decoys = [...this.#decoys];
    for (const { hash, client } of this.#hashed.filter((entry) => timingSafeEqual(entry.user, user))) {
      if (await this.verify(password, hash)) return client;
      const inItsPlace = decoys.findIndex((decoy) => costsAlike(decoy, hash));
      decoys.splice(inItsPlace, 1);
    }
    for (const decoy of decoys) await this.verify(password, decoy);
    this.#wrong.set(pair, true);
    return undefined;
  }

  /** NFC (RFC 8265): the same letters typed on another system are other code points. */
  #textDigest(text: string): Buffer {
    return this.#digest(text.normalize('NFC'));
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text, 'utf8').digest();
  }
}

/** Compares every entry, so that the time does not reveal which one matches. */
function firstWhere<T>(entries: readonly T[], fits: (entry: T) => boolean): T | undefined {
  return entries.filter(fits)[0];
}

function costsAlike(one: PasswordHash, other: PasswordHash): boolean {
  return one.ln === other.ln && one.p === other.p;
}

/** Hashes that match no password: at each cost, as many as the user with the most has. */
function decoysFor(hashed: readonly HashedEntry[]): PasswordHash[] {
  const decoys: PasswordHash[] = [];
  for (const { user, hash } of hashed) {
    const own = hashed.filter((other) => other.user.equals(user) && costsAlike(other.hash, hash));
    for (let there = decoys.filter((decoy) => costsAlike(decoy, hash)).length; there < own.length; there++) {
      decoys.push({ ...hash, salt: randomBytes(16), hash: randomBytes(32) });
    }
  }
  return decoys;
}

function secretOf({ apiKey, username, password }: CredentialConfig): string {
  return JSON.stringify([apiKey, username, password]);
}

function clientOf({ id, targets }: CredentialConfig): ClientCredential {
  return Object.freeze({ id, targets });
}
