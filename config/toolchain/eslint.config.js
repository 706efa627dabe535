/**
 * Lint rules: typescript-eslint's strictest set over one type-checked program (tsconfig.check.json), so that tests
 * and sources are held to the same types. Inline `eslint-disable` comments have no effect on purpose.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const root = fileURLToPath(new URL('../..', import.meta.url))

export default defineConfig(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    linterOptions: { noInlineConfig: true },
    languageOptions: {
      parserOptions: { project: './config/toolchain/tsconfig.check.json', tsconfigRootDir: root },
    },
    rules: {
      // Types keep `==` honest, and it is how an exact integer held as a number meets one held as a bigint.
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "BinaryExpression[operator=/^[!=]=$/] > :matches(Literal[raw='null'], Identifier[name='undefined'])",
          message: 'Say which one: null is SQL NULL, undefined is absence.',
        },
      ],
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      // `vector[index] as number` states what the loop's bound guarantees; a bare `!` is what is forbidden.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Vectors and nodes carry a tag; after looking at it they are cast.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Index loops over typed vectors and byte buffers are the point of the hot paths.
      '@typescript-eslint/prefer-for-of': 'off',
      // A driver's method is async by contract, whether or not this one has something to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z][a-z]', match: false },
        },
        { selector: 'typeLike', format: ['PascalCase'] },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      // Tests look into results of unknown shape; the assertion is the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Generated tables: without its annotation each string would stand in the declarations a second time.
    files: ['core/common/collation-data/**/*.ts'],
    rules: { '@typescript-eslint/no-inferrable-types': 'off' },
  },
  {
    // Programs for people at a terminal print to it.
    files: ['bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
)
