import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist', 'data'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: 'tsconfig.lint.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-control-regex': 'off',
      eqeqeq: ['error', 'smart'],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['any', 'timeout'].map((property) => ({
          object: 'AbortSignal',
          property,
          message:
            'On Node 20 the garbage collector may take such a time limit away. Use withTimeLimit or withAnySignal (common/time-limit.ts).',
        })),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.name=/^(spawn|fork|execFile)/] > ArrayExpression > Literal:first-child[value=/^dist\\//]',
          message:
            'The privacy check could not look through what this process tells. Put ...recorder() first (support/process.ts).',
        },
      ],
    },
  },
  // Packages of their own: what they import is installed where their tests run, so here are no types to check by.
  { files: ['examples/**/*.ts'], extends: [tseslint.configs.disableTypeChecked] },
  { files: ['src/cli/**', 'src/main.ts', 'src/app/start.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'console',
          'process',
          'setTimeout',
          'clearTimeout',
          'setImmediate',
          'performance',
          'Buffer',
          'URL',
          'fetch',
          'module',
          'require',
          'AbortSignal',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
