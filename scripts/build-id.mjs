// Writes dist/build.json: which commit the service is built from. `SMARTROUTING_COMMIT` in the environment names it where there is
// no checkout, as in the image.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** All that the build depends on. */
const BUILT_FROM = ['src', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const ID = /^[\w.+-]{1,64}$/;

const named = process.env['SMARTROUTING_COMMIT'] ?? '';
if (named !== '' && !ID.test(named)) {
  console.error(
    'SMARTROUTING_COMMIT must be 1 to 64 letters, digits, and . _ + - signs, for example $(git rev-parse HEAD).',
  );
  process.exit(1);
}
const commit = named === '' ? (ofCheckout() ?? 'unknown') : named;
writeFileSync(new URL('../dist/build.json', import.meta.url), `${JSON.stringify({ commit })}\n`);

function ofCheckout() {
  // The first line is empty in the checkout's own folder only: another project's commit would be a lie.
  const [folder, head] = git('rev-parse', '--show-prefix', 'HEAD')?.split('\n') ?? [];
  if (folder !== '' || head === undefined) return undefined;
  return git('diff', '--quiet', 'HEAD', '--', ...BUILT_FROM) === undefined ? `${head}-dirty` : head;
}

/** What git prints; `undefined` when it fails or is not installed. */
function git(...args) {
  // Root may build in a checkout of another user.
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const { status, stdout } = spawnSync('git', ['-c', 'safe.directory=*', ...args], options);
  return status === 0 ? stdout : undefined;
}
