/** The order of test files: what takes longest begins first, so that no long file is left for one worker at the end. */
import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take 20 s and more, the longest first. Vitest knows how long a file took only where it ran before, and in a fresh clone goes
 * by sizes, which say nothing: half of these are small. A name that is missing here costs time and nothing else.
 */
const SLOW = [
  'cloud/parity',
  'models/served/served',
  'cloud/schedule',
  'crash/kill',
  'cloud/app',
  'platform/platform',
  'cloud/faults',
  'models/sagemaker',
  'cloud/configuration',
  'browser/dashboard',
  'parity/parity',
  'models/catalogue',
  'platform/kill-switch',
  'cloud/live',
  'browser/venue',
  'cloud/jobs',
  'mutants/mutants',
  'platform/live',
  'models_job/job',
  'secrets/platform',
  'simulation/seeds-1-to-750',
  'simulation/seeds-751-to-1500',
  'models_search/search',
  'platform/models',
  'models/labels',
  'models/training',
  'adapters/venues/ccxt/sessions',
  'contract/aws',
  'parity/models',
  'parity/defects',
  'models_job/training-operation',
  'models_job/watched-training',
  'cli/research-retrain',
  'platform/models-watched',
  'simulation/bugs',
  'functions/support/ingest-cycles',
  'adapters/venues/ccxt/rest',
  'adapters/embedded/crash',
  'cli/research-sweep-aws',
  'simulation/simulate',
  'cloud/harness',
  'adapters/venues/ccxt/execution',
  'cli/research-sweep',
  'platform/limits',
  'lib/bundle-size',
  'models_job/drift-drill',
  'cli/research',
  'core/engine/properties.property',
  'lib/endpoints',
  'cloud/endpoint',
  'adapters/venues/ccxt/execution-answers',
  'adapters/python/environment',
  'models/python',
  'cli/risk',
  'browser/limits',
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = new Map(SLOW.map((name, k) => [`test/${name}.test.ts`, k]));
    const placeOf = ({ moduleId, project }: TestSpecification): number =>
      place.get(relative(project.config.root, moduleId).split(sep).join('/')) ?? SLOW.length;
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}
