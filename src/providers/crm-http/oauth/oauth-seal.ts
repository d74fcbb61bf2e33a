import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { TEMPO } from '../crm-http.tempo.js';

const derive = promisify<string, string, number, object, Buffer>(scrypt);
const COST = { r: 8, p: 1, maxmem: 64 * 1_048_576 };
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts texts that are kept outside of the process (AES-256-GCM), with a key made of a secret text (scrypt). */
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

  /** @param label what the text is; `open` must be given the same */
  async close(text: string, label: string): Promise<string> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, await this.#derived(), iv).setAAD(this.#about(label));
    const sealed = [iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64');
  }

  /** @returns `undefined` when it was made with another secret, for another owner or label, or was changed since */
  async open(sealed: string, label: string): Promise<string | undefined> {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, await this.#derived(), bytes.subarray(0, IV_BYTES))
      .setAAD(this.#about(label))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return (
        decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      return undefined; // Node tells no more than that the tag does not fit.
    }
  }

  #about(label: string): Buffer {
    return Buffer.from(JSON.stringify([this.owner, label]));
  }

  #derived(): Promise<Buffer> {
    this.#key ??= derive(this.secret, `smartrouting-vip ${this.owner}`, 32, { N: this.cost, ...COST });
    return this.#key;
  }
}
