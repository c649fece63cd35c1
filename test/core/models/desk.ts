/** A small desk that is made here: what the cycle does with a model does not depend on how it was trained. */
import { Ensemble } from '../../../core/models/ensemble.ts';
import type { ModelManifest } from '../../../core/models/manifest.ts';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import type { ModelsAtHand, ServedModel } from '../../../core/models/opinion.ts';
import { pack } from './native/pack.ts';

export const DESK_FEATURES = ['return-3', 'rsi-14', 'above-sma-20'];

/** A line through the features of the desk, as a member's file. */
export const memberFile = (weights: readonly number[], features: readonly string[] = DESK_FEATURES): Uint8Array =>
  pack(
    { kind: 'linear', features, classes: [0, 1], link: 'logistic' },
    { weights: Float64Array.from(weights), intercept: Float64Array.of(0) },
  );

/** Of two members of equal weight, which is sure of what is likelier. */
export const deskManifest = (change: Partial<ModelManifest> = {}): ModelManifest => ({
  format: 'plimsoll-model/1',
  features: DESK_FEATURES,
  classes: [0, 1],
  label: { kind: 'triple-barrier', bars: 24, width: 3, volatilityBars: 100 },
  timeframe: '1h',
  table: 'a'.repeat(64),
  members: ['fast', 'slow'].map((name) => ({ name, file: `${name}.model`, weight: 1 })),
  conformal: { coverage: 0.6, limit: 0.5 },
  disagreement: { limit: 1 },
  files: { 'fast.model': 'b'.repeat(64), 'slow.model': 'b'.repeat(64) },
  ...change,
});

/** Expects what was to go on. */
export const momentumDesk = (change: Partial<ModelManifest> = {}, version = '0123456789abcdef'): ServedModel =>
  deskOf(change, version, [
    [20, 0, 0],
    [0, 0, 0.5],
  ]);

/** Expects the contrary of what that one expects. */
export const contraryDesk = (version = 'fedcba9876543210'): ServedModel =>
  deskOf({}, version, [
    [-20, 0, 0],
    [0, 0, -0.5],
  ]);

function deskOf(change: Partial<ModelManifest>, version: string, weights: readonly (readonly number[])[]): ServedModel {
  const manifest = deskManifest(change);
  const ensemble = new Ensemble(
    manifest,
    weights.map((each) => evaluatorOf(memberFile(each))),
  );
  return { name: 'momentum', version, manifest, ensemble: () => ensemble };
}

export const atHand =
  (...models: readonly ServedModel[]): ModelsAtHand =>
  (name) => {
    const found = models.find((model) => model.name === name);
    if (!found) throw new Error(`the test has no model ${name}`);
    return found;
  };
