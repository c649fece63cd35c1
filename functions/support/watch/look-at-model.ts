/** One look at one champion of a deployment. */
import * as z from 'zod/mini';
import { goneOn, type KeptSeries } from '../../../adapters/lake/gone-on.ts';
import { awaitedTraining, type KeptLook, type KeptLooks } from '../../../adapters/models/monitoring/kept-looks.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import { type LookOptions, lookAt, sightingOf } from '../../../core/models/monitoring/look.ts';
import { nearestRemedy } from '../../../core/nearest.ts';
import type { RetrainingPort } from './retraining.ts';
import type { DeployedWatch, WatchedModel } from './watched-models.ts';

const MINUTE_MS = 60_000;
/** What a schedule sends. */
const lookEventSchema = z.strictObject({ model: z.string() });

export interface LookPorts {
  readonly watch: DeployedWatch;
  readonly barsOf: (model: WatchedModel) => BarColumns;
  readonly lake: KeptSeries['lake'];
  readonly looks: Pick<KeptLooks, 'of' | 'keep' | 'fail'>;
  /** Where the deployment trains models anew. */
  readonly retraining?: RetrainingPort | undefined;
  /** ms UTC. */
  readonly now: () => number;
}

/**
 * The same bars give the same look, however often they are looked at. Throws `LOOK_EVENT_INVALID`, `MODEL_UNKNOWN`, and as `carriedBars`, the
 * lake, the version and `lookAt` do: that is kept too, and all that was found before stays.
 */
export async function lookAtModel(ports: LookPorts, event: unknown): Promise<KeptLook> {
  const model = modelIn(event, ports.watch);
  const lookedAt = ports.now();
  try {
    return await look(ports, model, lookedAt);
  } catch (error) {
    const problem = error instanceof PlimsollError ? error.sentence : String(error);
    await ports.looks.fail({ model: model.name, lookedAt, problem });
    throw error;
  }
}

async function look(ports: LookPorts, model: WatchedModel, lookedAt: number): Promise<KeptLook> {
  const { watch, barsOf, lake, looks } = ports;
  const { name, period, series, limits, everyMinutes } = model;
  const { version, ensemble } = watch.models(name);
  const judge = ensemble();
  const { features, label, timeframe } = judge.manifest;
  const recipe = {
    ...{ set: featureSet(features), label, symbol: series.symbol },
    intervalMs: timeframeMs(timeframe),
  };
  const bars = await goneOn(barsOf(model), timeframe as Timeframe, { lake, series }, lookedAt);
  const found = await looks.of(name);
  const before = found?.state.champion === version ? found : undefined;
  const retraining = model.retraining ? ports.retraining : undefined;
  const seen = lookAt({ version, judge, recipe, period }, bars, {
    ...{ before: before?.state, limits },
    ...(before && retraining ? await trainedSince(before, retraining) : {}),
  });
  const kept = {
    ...sightingOf(name, seen, lookedAt),
    nextLookAt: lookedAt + everyMinutes * MINUTE_MS,
    state: seen.state,
    transitions: [...(before?.transitions ?? []), ...seen.transitions],
  };
  await looks.keep(kept);
  // What the look before waited for was begun already.
  if (retraining && seen.transitions.some(({ kind }) => kind === 'queued')) await begun(kept, retraining);
  return kept;
}

/** What the look before waits for, which is asked for and begun first: whoever looked may have been gone before that. */
async function trainedSince(
  before: KeptLook,
  retraining: RetrainingPort,
): Promise<Pick<LookOptions, 'training' | 'challenger'>> {
  const { stage } = before.state;
  if (stage.name === 'shadow') return { challenger: await retraining.challenger(before.model, stage.version) };
  if (!('training' in stage)) return {};
  await begun(before, retraining);
  return { training: await retraining.observed(stage.training) };
}

async function begun(look: KeptLook, retraining: RetrainingPort): Promise<void> {
  const wanted = awaitedTraining(look);
  if (wanted) await retraining.begin(wanted);
}

function modelIn(event: unknown, { watched }: DeployedWatch): WatchedModel {
  const read = lookEventSchema.safeParse(event);
  if (!read.success)
    throw new PlimsollError('LOOK_EVENT_INVALID', 'the event names no model to look at', 'send {"model": "NAME"}');
  const { model } = read.data;
  const found = watched.find(({ name }) => name === model);
  if (found) return found;
  throw new PlimsollError(
    'MODEL_UNKNOWN',
    `the model "${model}" is not watched by this deployment`,
    nearestRemedy(
      model,
      watched.map(({ name }) => name),
      'name it in watch.yaml, and deploy again',
    ),
  );
}
