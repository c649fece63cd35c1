/** Models that are asked elsewhere, in a run over recorded bars: asked about every bar before it begins, since a backtest does not wait. */
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { columnsOf, type IndicatorSpec } from '../../core/indicators/indicator.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { resample } from '../../core/market/resample.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';
import type { ServedModel } from '../../core/models/opinion.ts';
import { type AskModel, MAX_QUESTION_ROWS } from '../../core/ports/model-server.ts';
import { asksModels, modelsGiven } from '../../core/strategies/opinions-asked.ts';
import type { RunningStrategy } from '../../core/strategies/runner.ts';

/** Rows of one run and model: some 100 MB with 30 features. */
const MOST_ROWS = 250_000;

export type OnAsked = (asked: number, total: number) => void;

/** Whether a run waits for answers. */
export const asksElsewhere = ({ strategies }: EngineDefinition): boolean =>
  strategies.some((running) => askedElsewhere(running).length > 0);

/**
 * For work in other threads, where nobody asks: throws `MODEL_ASKED_ELSEWHERE`.
 * @param what is to be run there
 */
export function assertEvaluatedHere(definition: EngineDefinition, what: string): void {
  const asking = definition.strategies.find((running) => askedElsewhere(running).length > 0);
  if (asking === undefined) return;
  const [{ name, manifest }] = askedElsewhere(asking);
  throw new PlimsollError(
    'MODEL_ASKED_ELSEWHERE',
    `"${asking.id}" asks the model "${name}", which is served as ${manifest?.served}, and ${what} ask nobody`,
    'run a backtest or one thread, or promote a version that the platform evaluates itself',
  );
}

/**
 * Asks about all bars and leaves the answers with the models, for as long as the process lasts. Nothing is asked where every model is evaluated
 * here. Throws `MODEL_QUESTION_TOO_LARGE`, and what the server throws: a run with holes in it would say nothing.
 */
export async function askAhead(
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  ask: AskModel,
  onProgress: OnAsked = () => undefined,
): Promise<void> {
  for (const running of definition.strategies) {
    const models = askedElsewhere(running);
    if (models.length === 0) continue;
    for (const { answers } of models) answers!.collect();
    for (const [spec, columns] of read(running, definition.timeframe, bars)) columnsOf(spec, columns);
    for (const model of models) await answered(model, ask, onProgress);
  }
}

const askedElsewhere = ({ definition, params }: RunningStrategy): ServedModel[] => {
  const models = modelsGiven(definition, params).flatMap(({ served }) => (served.answers ? [served] : []));
  return [...new Map(models.map((served) => [served.answers, served])).values()];
};

/** The indicators that ask models, each with every series that it reads. */
function* read(
  { definition, params, instruments, timeframe }: RunningStrategy,
  base: Timeframe,
  bars: ReadonlyMap<string, BarColumns>,
): Iterable<readonly [IndicatorSpec, BarColumns]> {
  const specs = Object.values(definition.indicators(params) as Record<string, IndicatorSpec>).filter(asksModels);
  for (const symbol of instruments) {
    const columns = bars.get(symbol);
    if (columns === undefined) continue;
    for (const spec of specs) {
      const longer = spec.timeframe ?? timeframe;
      yield [spec, longer === base ? columns : resample(columns, base, longer).bars];
    }
  }
}

async function answered({ name, version, answers }: ServedModel, ask: AskModel, onProgress: OnAsked): Promise<void> {
  const rows = answers!.collected();
  if (rows.length > MOST_ROWS)
    throw new PlimsollError(
      'MODEL_QUESTION_TOO_LARGE',
      `the model "${name}" would be asked about ${rows.length} bars, more than ${MOST_ROWS}`,
      'choose a shorter span or fewer symbols',
    );
  for (let from = 0; from < rows.length; from += MAX_QUESTION_ROWS) {
    const part = rows.slice(from, from + MAX_QUESTION_ROWS);
    answers!.take(part, await ask({ model: name, version, rows: part }));
    onProgress(Math.min(from + MAX_QUESTION_ROWS, rows.length), rows.length);
  }
}
