/**
 * The tests that mutants are run against: the files that MUTANT_TESTS names, with commas between. Stryker's runner was made
 * for an older Vitest, and two of its assumptions would let mutants live that the tests kill:
 *
 * - it names a test with spaces between the suites, where Vitest puts " > ", and so would run none;
 * - a test file that fails as it is imported has no tests, and so none that failed.
 */
import { defineConfig, type Plugin } from 'vitest/config';

const IMPORT_FAILED = 'Import Error';

function asStrykerExpects(): Plugin {
  return {
    name: 'plimsoll-mutants',
    configureVitest({ project, vitest }) {
      let pattern = project.config.testNamePattern;
      Object.defineProperty(project.config, 'testNamePattern', {
        get: () => pattern,
        set: (next: RegExp | undefined) => {
          pattern = next && new RegExp(`^(?:${next.source.replaceAll(' ', '(?: >)? ')})$`);
        },
        enumerable: true,
        configurable: true,
      });
      vitest.config.reporters = [
        {
          onTestModuleEnd(file) {
            for (const { message } of file.errors()) vitest.state.catchError(new Error(message), IMPORT_FAILED);
          },
        },
      ];
    },
  };
}

export default defineConfig({
  plugins: [asStrykerExpects()],
  test: { include: (process.env.MUTANT_TESTS ?? 'test/core/**/*.test.ts').split(','), testTimeout: 60_000 },
});
