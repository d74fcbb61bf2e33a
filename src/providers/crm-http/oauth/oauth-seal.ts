import { createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { TEMPO } from '../crm-http.tempo.js';

const derive = promisify<string, string, number, object, Buffer>(scrypt);
const HOW = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
const COST = { r: 8, p: 1, maxmem: 64 * 1_048_576 };

/**
 * Encrypts texts that are stored outside the process (JWE, AES-256-GCM), with a key derived from a secret text
 * (scrypt).
 */
export class Seal {
  #key: Promise<Buffer> | undefined;

  /**
   * @param owner of the texts: those of other owners cannot be opened, even with the same secret
   * @param cost of deriving the key, scrypt's N
   */
  constructor(
    private readonly secret: string,
    private readonly owner: string,
    private readonly cost = TEMPO.keyCost,
  ) {}

  /** @param label describes the text, and is not encrypted; `open` needs the same */
  async close(text: string, label: string): Promise<string> {
    const { CompactEncrypt } = await import('jose');
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', label })
      .encrypt(await this.#derived());
  }

  /** @returns `undefined` if it was made with another secret, for another owner or label, or has been changed */
  async open(sealed: string, label: string): Promise<string | undefined> {
    const { compactDecrypt } = await import('jose');
    const key = await this.#derived();
    try {
      if (!sealed.includes('.')) return openEarlier(sealed, key, JSON.stringify([this.owner, label]));
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, HOW);
      return protectedHeader['label'] === label ? Buffer.from(plaintext).toString() : undefined;
    } catch {
      return undefined; // Both formats reveal only that it does not match.
    }
  }

  #derived(): Promise<Buffer> {
    this.#key ??= derive(this.secret, `smartrouting-vip ${this.owner}`, 32, { N: this.cost, ...COST });
    return this.#key;
  }
}

/** The format of version 0.1.0: base64 of a nonce of 12 bytes, the encrypted text and a tag of 16. */
function openEarlier(sealed: string, key: Buffer, about: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(about))
    .setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
}
