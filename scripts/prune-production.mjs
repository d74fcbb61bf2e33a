// After `npm ci --omit=dev`: removes from node_modules what npm leaves there although the service never loads it.
// - Packages that only the development needs, and that a production package may use if they are there (TypeScript, redis):
//   npm does not omit them with the others.
// - The binary of libsql for the other C library (glibc or musl): its packages do not say which one they are for.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const unused = Object.entries(packages).filter(([, { devOptional }]) => devOptional);
for (const [path] of unused) rmSync(path, { recursive: true, force: true });

const BINARIES = 'node_modules/@libsql';
const isGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
const other = isGlibc ? /^linux-.*-musl/ : /^linux-.*-gnu/;
for (const name of readdirSync(BINARIES))
  if (other.test(name)) rmSync(join(BINARIES, name), { recursive: true });
