/**
 * Jest runs the TypeScript sources as they are: swc strips the types, workspace names are mapped to their source
 * entry, so that no build is needed before a test. Start it with `npm run jest -- <path>`; by hand it needs
 * `NODE_OPTIONS=--experimental-vm-modules`, because the code is ECMAScript modules.
 */
import { fileURLToPath } from 'node:url'

export default {
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{core,plugins,test,bench,examples,config}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@switchyard/core/spi$': '<rootDir>/core/spi/index.ts',
    '^@switchyard/core/main$': '<rootDir>/core/main/main.ts',
    '^@switchyard/core/embedded$': '<rootDir>/core/main/embedded.ts',
    '^@switchyard/((?:storage|protocol|router|remote|functions|authentication)-[a-z0-9-]+)$':
      '<rootDir>/plugins/$1/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: false },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  coverageProvider: 'v8',
  maxWorkers: '100%',
  // For tests that hang. The slowest that has no limit of its own takes 9 s where nothing else runs.
  testTimeout: 30_000,
}
