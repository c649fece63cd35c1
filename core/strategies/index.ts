/** What a strategy file imports, as `plimsoll`: the contract, the indicators, and zod to declare parameters with. */

export type { Algorithm, Iceberg, Peg, Twap, Vwap } from '../execution/algorithms/algorithm.ts';
export * from '../indicators/index.ts';
export { type BatchSpec, batch } from '../models/batch/batch.ts';
export { type CombinedSpec, combinedOpinion } from '../models/combined-opinion.ts';
export { combinedTrials } from '../models/combined-trials.ts';
export { type OpinionSpec, opinion } from '../models/opinion.ts';
export * from '../models/regimes/index.ts';
export { type TrialSpec, type TrialsSpec, trialOpinion } from '../models/trial.ts';
export { type Condition, crosses, type SeriesName } from './condition.ts';
export {
  type BarView,
  type CancelProposal,
  crossedAbove,
  crossedBelow,
  type Decision,
  type OrderProposal,
  type PositionView,
  type Proposal,
  type Protection,
  type SeriesView,
  type StrategyContext,
  type StrategyDefinition,
  strategy,
  type TargetOptions,
  type TargetProposal,
} from './contract.ts';
export * as z from './zod.ts';
