import { createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { TEMPO } from '../crm-http.tempo.js';

const derive = promisify<string, string, number, object, Buffer>(scrypt);
const HOW = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
const COST = { r: 8, p: 1, maxmem: 64 * 1_048_576 };

/** Encrypts texts that are kept outside of the process (JWE, AES-256-GCM), with a key made of a secret text (scrypt). */
export class Seal {
  #key: Promise<Buffer> | undefined;

  /**
   * @param owner whose texts they are: nobody else's are opened, though they were made with the same secret
   * @param cost of making the key, scrypt's N
   */
  constructor(
    private readonly secret: string,
    private readonly owner: string,
    private readonly cost = TEMPO.keyCost,
  ) {}

  /** @param label what the text is, readable by everybody; `open` must be given the same */
  async close(text: string, label: string): Promise<string> {
    const { CompactEncrypt } = await import('jose');
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', label })
      .encrypt(await this.#derived());
  }

  /** @returns `undefined` when it was made with another secret, for another owner or label, or was changed since */
  async open(sealed: string, label: string): Promise<string | undefined> {
    const { compactDecrypt } = await import('jose');
    const key = await this.#derived();
    try {
      if (!sealed.includes('.')) return openEarlier(sealed, key, JSON.stringify([this.owner, label]));
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, HOW);
      return protectedHeader['label'] === label ? Buffer.from(plaintext).toString() : undefined;
    } catch {
      return undefined; // Neither way tells more than that it does not fit.
    }
  }

  #derived(): Promise<Buffer> {
    this.#key ??= derive(this.secret, `smartrouting-vip ${this.owner}`, 32, { N: this.cost, ...COST });
    return this.#key;
  }
}

/** As version 0.1.0 sealed: base64 of a nonce of 12 bytes, the encrypted text and a tag of 16. */
function openEarlier(sealed: string, key: Buffer, about: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(about))
    .setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
}
