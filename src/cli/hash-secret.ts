import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { hashApiKey, hashPassword } from '../common/secret-hash.js';
import { CliError, print } from './output.js';

export async function hashSecret({ apiKey }: { apiKey: boolean }): Promise<void> {
  const secret = await readSecret(apiKey ? 'API key: ' : 'Password: ');
  if (secret === '')
    throw new CliError(
      'The secret is empty. Type it, or pipe it in: printf %s "$SECRET" | npm run cli -- hash-secret',
    );
  if (apiKey && !/^[^\s\p{Cc}](.*[^\s\p{Cc}])?$/u.test(secret))
    throw new CliError(
      'No header can carry this key: it begins or ends with a blank, or contains a line end. Pipe it in without them: printf %s "$KEY" | npm run cli -- hash-secret --api-key',
    );
  print(apiKey ? hashApiKey(secret) : await hashPassword(secret));
}

async function readSecret(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, '');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(prompt);
  try {
    return await new Promise((resolve) => terminal.question('', resolve));
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
