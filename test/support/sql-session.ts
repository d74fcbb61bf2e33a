import { createConnection } from 'mysql2/promise';
import pg from 'pg';

/** One connection to a server, for locks. */
export interface SqlSession {
  readonly run: (sql: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

export async function sqlSession(url: string): Promise<SqlSession> {
  if (url.startsWith('mysql:')) {
    const connection = await createConnection(url);
    return {
      run: async (sql) => void (await connection.query(sql)),
      end: () => connection.end(),
    };
  }
  const client = new pg.Client(url);
  await client.connect();
  return { run: async (sql) => void (await client.query(sql)), end: () => client.end() };
}
