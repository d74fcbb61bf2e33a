/**
 * `npm run new:provider -- <kind>`: writes the files of a new built-in lookup. What is left to do is marked TODO; the
 * contract test fails until it is done. Existing files are not changed.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TEMPLATES = fileURLToPath(new URL('./new-provider/', import.meta.url));
/** As `@VipLookup` wants it, and such that two kinds never have one class name. */
const KIND = /^(?=.{1,40}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
/** Its class would have the name of the interface. */
const TAKEN = ['vip-lookup'];

const folderOf = (kind) => `src/providers/${kind}`;
const filesOf = (kind) => ({
  'provider.ts.txt': `${folderOf(kind)}/${kind}.provider.ts`,
  'options.ts.txt': `${folderOf(kind)}/${kind}.options.ts`,
  'module.ts.txt': `${folderOf(kind)}/${kind}.module.ts`,
  'contract.ts.txt': `${folderOf(kind)}/${kind}.contract.ts`,
  'docs.md.txt': `docs/providers/${kind}.md`,
});

function refuse(reason) {
  console.error(
    `${reason}\nUse: npm run new:provider -- <kind>, for example npm run new:provider -- acme-crm`,
  );
  process.exit(1);
}

function kindFrom(args) {
  if (args.length !== 1) refuse(args.length === 0 ? 'The kind is missing.' : 'Give one kind.');
  const [kind] = args;
  if (!KIND.test(kind)) {
    refuse(
      `${JSON.stringify(kind)} is not a kind: use at most 40 lower-case letters and digits, with single hyphens between words, the first a letter.`,
    );
  }
  if (TAKEN.includes(kind))
    refuse(`${kind} would name its class as the interface it implements; choose another name.`);
  const there = [folderOf(kind), ...Object.values(filesOf(kind))].filter((path) =>
    existsSync(join(ROOT, path)),
  );
  if (there.length > 0)
    refuse(`${there[0]} is there already, and stays as it is; choose another name, or remove it.`);
  return kind;
}

const kind = kindFrom(process.argv.slice(2));
const name = kind
  .split('-')
  .map((word) => word[0].toUpperCase() + word.slice(1))
  .join('');

const { format, resolveConfig } = await import('prettier');
for (const [template, path] of Object.entries(filesOf(kind))) {
  const text = (await readFile(join(TEMPLATES, template), 'utf8'))
    .replaceAll('{{kind}}', kind)
    .replaceAll('{{Name}}', name);
  const filepath = join(ROOT, path);
  await mkdir(dirname(filepath), { recursive: true });
  // `wx`: a file that appeared meanwhile is not overwritten either.
  await writeFile(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }), {
    flag: 'wx',
  });
}

console.log(`Written:
${Object.values(filesOf(kind))
  .map((path) => `  ${path}`)
  .join('\n')}

1. Fill in what is marked TODO. Until then this fails:
     npm run test:jest -- ${folderOf(kind)}
2. Make the kind known: in src/app/plugins/load-plugins.ts add ${name}Module to BUILT_INS, and above
     import { ${name}Module } from '../../providers/${kind}/${kind}.module.js';
3. npm run schema writes the options into config/smartrouting.schema.json, for editors.
4. Name docs/providers/${kind}.md in README.md.`);
