/** How a person trains a watched model anew, word for word: an alarm says it. */
import { basename } from 'node:path';
import { canonicalJson, type Json } from '../core/json.ts';
import { STANDARD_FEATURES } from '../core/models/features/feature-set.ts';
import type { BundledVersion } from './deployed-models.ts';

/** Each is one line for a shell, given where the instance is deployed from. */
export interface TrainingCommands {
  /** There. */
  readonly here: string;
  /** On SageMaker, where the deployment has what that needs. */
  readonly onSageMaker: string;
  /** Fetches the latest version that a training of the deployment left. */
  readonly fetch: string;
}

/**
 * @param bars path of the file that it learned from, to which the bars since have to be added first
 * @param symbols of the series that it learned from, where there were several
 */
export function trainingCommands(
  { name, manifest }: BundledVersion,
  bars: string,
  symbols: readonly string[] = [],
): TrainingCommands {
  const { features, label } = manifest;
  const isStandard = canonicalJson([...features]) === canonicalJson([...STANDARD_FEATURES]);
  const table = [
    `plimsoll models table --bars ${basename(bars)}`,
    ...(symbols.length > 1 ? [`--symbol ${symbols.join(' ')}`] : []),
    ...(isStandard ? [] : [`--features ${features.join(',')}`]),
    `--label '${canonicalJson(label as unknown as Json)}' --out tables/${name}`,
  ].join(' ');
  const train = `plimsoll models train ${name} --table tables/${name}`;
  return {
    here: `${table} && ${train}`,
    onSageMaker: `${table} && ${train} --on sagemaker --outputs outputs.json --image REPOSITORY:TAG`,
    fetch: `plimsoll models fetch ${name} --outputs outputs.json`,
  };
}
