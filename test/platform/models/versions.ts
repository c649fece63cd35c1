/** Versions of models that need no training: two neurons that were set by hand, registered as a training's are. */
import { hash } from 'node:crypto';
import type { ModelRegistry } from '../../../adapters/models/registry.ts';
import { pack } from '../../core/models/native/pack.ts';

export const FEATURES = ['return-1', 'body'];
const LABEL = { kind: 'fixed-horizon', bars: 1, costFraction: 0 };
const PARITY_ROWS = 1_000;

export interface Neurons {
  /** What both neurons multiply the return of the bar with. @default 1 */
  readonly scale?: number;
  /** What the score takes of each. */
  readonly weights: readonly [number, number];
  /** First and last time of what it was "trained" on, ms UTC. */
  readonly period: { readonly from: number; readonly to: number };
  /** How many rows that were, where its card says so. */
  readonly rows?: number;
  /** SHA-256, hex, of its table. */
  readonly table?: string;
}

const bytesOf = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes);

/** Registers it, and returns its version. */
export async function registered(registry: ModelRegistry, neurons: Neurons, by = 'a test'): Promise<string> {
  const deed = { at: neurons.period.to, by, reason: 'to see it' };
  const { version } = await registry.register('gold', neuronFiles(neurons), {}, deed);
  return version;
}

/** By name, as a training leaves them. */
export function neuronFiles({
  scale = 1,
  weights,
  period,
  rows,
  table = 'a'.repeat(64),
}: Neurons): Map<string, Uint8Array> {
  const header = { features: FEATURES, classes: [0, 1] };
  const model = pack(
    { kind: 'perceptron', ...header, link: 'logistic', activation: 'identity' },
    {
      sizes: Int32Array.of(2, 1),
      weights0: Float64Array.of(scale, 0, scale, 0),
      biases0: new Float64Array(2),
      weights1: Float64Array.from(weights),
      biases1: new Float64Array(1),
    },
  );
  // Rows of zeros, to which all of them say one half.
  const parity = pack(
    { kind: 'parity', ...header, members: ['neurons'] },
    {
      rows: new Float64Array(PARITY_ROWS * FEATURES.length),
      'scores/neurons': new Float64Array(PARITY_ROWS),
      'probabilities/neurons': new Float64Array(PARITY_ROWS * 2).fill(0.5),
    },
  );
  const card = bytesOf({ period, weights, ...(rows === undefined ? {} : { rows }) });
  const manifest = bytesOf({
    format: 'plimsoll-model/1',
    features: FEATURES,
    classes: [0, 1],
    label: LABEL,
    timeframe: '1h',
    table,
    members: [{ name: 'neurons', file: 'neurons.model', weight: 1 }],
    conformal: { coverage: 0.6, limit: 0.5 },
    disagreement: { limit: 1 },
    files: { 'neurons.model': sha256(model), 'card.json': sha256(card), 'parity.bin': sha256(parity) },
  });
  return new Map(
    Object.entries({ 'neurons.model': model, 'card.json': card, 'parity.bin': parity, 'manifest.json': manifest }),
  );
}
