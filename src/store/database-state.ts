import { randomUUID } from 'node:crypto';
import type { ExclusiveRight, ProviderState, StoredText } from '../plugin-api/provider-state.js';
import { Lease } from './lease.js';
import type { Condition } from './lease.js';
import type { StateDatabase } from './state-database.js';

const MAX_NAME_CHARACTERS = 100;
const MAX_TEXT_BYTES = 1_048_576;

export class DatabaseState implements ProviderState {
  constructor(
    private readonly database: StateDatabase,
    private readonly provider: string,
    /** How long an instance that died blocks others from what it was doing exclusively, in ms. */
    private readonly leaseMs: number,
  ) {}

  async read(key: string): Promise<StoredText | undefined> {
    const [row] = await this.database.select(
      'SELECT version, content FROM provider_state WHERE provider = ? AND name = ?',
      [this.provider, nameOf(key)],
    );
    return row && { text: String(row['content']), version: Number(row['version']) };
  }

  async write(
    key: string,
    text: string,
    version: number | undefined,
    right?: ExclusiveRight,
  ): Promise<boolean> {
    const name = nameOf(key);
    const condition = conditionOf(right);
    if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
      throw new RangeError(`a text is longer than ${MAX_TEXT_BYTES} bytes; keep it in parts`);
    }
    let mayBeDone = false;
    const onLost = (): void => void (mayBeDone = true);
    const written =
      version === undefined
        ? await this.database.insert(
            `INSERT INTO provider_state (provider, name, version, content) SELECT ?, ?, 1, ? FROM (SELECT 1) AS one WHERE ${condition.sql}`,
            [this.provider, name, text, ...condition.parameters],
            onLost,
          )
        : await this.database.change(
            `UPDATE provider_state SET content = ?, version = version + 1 WHERE provider = ? AND name = ? AND version = ? AND ${condition.sql}`,
            [text, this.provider, name, version, ...condition.parameters],
            onLost,
          );
    if (written > 0) return true;
    // The second server found another version, perhaps the one that the first server wrote before it was lost.
    const stored = mayBeDone ? await this.read(key) : undefined;
    if (stored?.text === text && stored.version === (version ?? 0) + 1) return true;
    await leaseOf(right)?.assertMine();
    return false;
  }

  async keys(): Promise<string[]> {
    const rows = await this.database.select('SELECT name FROM provider_state WHERE provider = ?', [
      this.provider,
    ]);
    return rows.map((row) => String(row['name']));
  }

  async remove(key: string, right?: ExclusiveRight): Promise<void> {
    const condition = conditionOf(right);
    const removed = await this.database.change(
      `DELETE FROM provider_state WHERE provider = ? AND name = ? AND ${condition.sql}`,
      [this.provider, nameOf(key), ...condition.parameters],
    );
    if (removed === 0) await leaseOf(right)?.assertMine();
  }

  async exclusively<T>(
    name: string,
    work: (signal: AbortSignal, right: ExclusiveRight) => Promise<T>,
  ): Promise<T | undefined> {
    const lease = new Lease(this.database, this.provider, nameOf(name), randomUUID(), this.leaseMs);
    if (!(await lease.take())) return undefined;
    try {
      return await work(lease.signal, lease);
    } finally {
      await lease.release();
    }
  }
}

function nameOf(key: string): string {
  if (key === '' || key.length > MAX_NAME_CHARACTERS) {
    throw new RangeError(`a key must have 1 to ${MAX_NAME_CHARACTERS} characters`);
  }
  return key;
}

function conditionOf(right: ExclusiveRight | undefined): Condition {
  return leaseOf(right)?.condition ?? { sql: '1 = 1', parameters: [] };
}

function leaseOf(right: ExclusiveRight | undefined): Lease | undefined {
  if (right === undefined || right instanceof Lease) return right;
  throw new TypeError('a right is what exclusively gives');
}
