/** The order of test files: what takes longest begins first, so that no long file is left for one worker at the end. */
import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take 15 s and more, the longest first, of two kinds. Vitest knows how long a file took only where it ran before, and in a fresh
 * clone goes by sizes, which say nothing: half of these are small. A name that is missing here costs time and nothing else.
 *
 * These wait for processes that they started, for a second that has to pass, or for an answer that never comes.
 */
const WAITING = [
  'cloud/parity',
  'models/served/served',
  'cloud/schedule',
  'cloud/app',
  'cloud/configuration',
  'browser/dashboard',
  'cloud/faults',
  'platform/platform',
  'models/sagemaker',
  'cloud/live',
  'cloud/jobs',
  'cloud/retraining',
  'platform/live',
  'platform/kill-switch',
  'browser/venue',
  'crash/kill',
  'models/catalogue',
  'models_job/job',
  'secrets/platform',
  'contract/aws',
  'platform/models',
  'cli/research-sweep-aws',
  'models_search/search',
  'cli/research-sweep',
  'cli/research',
  'models/training',
  'models/labels',
  'adapters/python/environment',
  'models/python',
  'cloud/harness',
  'cli/research-retrain',
  'cli/risk',
  'models_job/drift-drill',
  'browser/limits',
  'browser/models',
  'cloud/endpoint',
  'models_batch/batch',
  'models_job/watched-training',
  'models_job/training-operation',
  'adapters/embedded/crash',
  'mutants/mutants',
  'platform/limits',
  'cli/models-watch',
  'browser/on-demand',
  'platform/models-watched',
];

/** These use a processor all the time. */
const COMPUTING = [
  'parity/parity',
  'simulation/seeds-1-to-750',
  'simulation/seeds-751-to-1500',
  'adapters/venues/ccxt/execution',
  'simulation/simulate',
  'parity/defects',
  'core/engine/properties.property',
  'adapters/venues/ccxt/sessions',
  'adapters/venues/ccxt/rest',
  'simulation/bugs',
  'lib/endpoints',
  'parity/model-desk',
  'functions/support/ingest-cycles',
  'parity/models',
  'lib/bundle-size',
  'lib/live',
  'parity/worked',
  'secrets/venues',
  'core/execution/algorithms/algorithms.property',
  'adapters/venues/ccxt/execution-answers',
];

/** Two that wait beside one that computes: three that wait would leave a processor idle, and three that compute find only two. */
const SLOW = [
  ...WAITING.flatMap((name, k) => (k % 2 === 0 ? [name] : [name, ...COMPUTING.slice((k - 1) / 2, (k + 1) / 2)])),
  ...COMPUTING.slice(Math.floor(WAITING.length / 2)),
];

/** From the root. */
export const SLOW_FILES: readonly string[] = SLOW.map((name) => `test/${name}.test.ts`);

/** Files that share processes come last, and one after the other: a process that they share ends when another kind is next. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = new Map(SLOW_FILES.map((file, k) => [file, k]));
    const placeOf = ({ moduleId, project: { config } }: TestSpecification): number =>
      place.get(relative(config.root, moduleId).split(sep).join('/')) ?? SLOW_FILES.length + (config.isolate ? 0 : 1);
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}
