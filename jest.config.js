const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.json', diagnostics: false }],
  },
  testEnvironment: 'node',
};

/** Two projects: `unit` beside the code, `e2e` against a real PostgreSQL that starts once for all of them. */
export default {
  projects: [
    { ...shared, displayName: 'unit', rootDir: '.', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'e2e',
      rootDir: '.',
      testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
      globalSetup: '<rootDir>/test/start-postgres.ts',
      globalTeardown: '<rootDir>/test/stop-postgres.ts',
    },
  ],
  maxWorkers: 2,
  // Ends a test that hangs. Whether something is fast enough is no test's question: machines are slow, and stall.
  testTimeout: 300_000,
};
