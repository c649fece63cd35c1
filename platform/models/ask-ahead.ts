/** Models that are asked elsewhere, in a run over recorded bars: asked about every bar before it begins, since a backtest does not wait. */
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { columnsOf, type IndicatorSpec } from '../../core/indicators/indicator.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { resample } from '../../core/market/resample.ts';
import type { Timeframe } from '../../core/market/timeframe.ts';
import { type AskedElsewhere, modelsElsewhere } from '../../core/models/evaluated-here.ts';
import { type AskModel, MAX_QUESTION_ROWS } from '../../core/ports/model-server.ts';
import { asksModels } from '../../core/strategies/opinions-asked.ts';
import type { RunningStrategy } from '../../core/strategies/runner.ts';

/** Rows of one run and model: some 100 MB with 30 features. */
const MOST_ROWS = 250_000;

export type OnAsked = (asked: number, total: number) => void;

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
    const models = modelsElsewhere(running);
    if (models.length === 0) continue;
    for (const { answers } of models) answers.collect();
    for (const [spec, columns] of read(running, definition.timeframe, bars)) columnsOf(spec, columns);
    for (const model of models) await answered(model, ask, onProgress);
  }
}

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

async function answered({ name, version, answers }: AskedElsewhere, ask: AskModel, onProgress: OnAsked): Promise<void> {
  const rows = answers.collected();
  if (rows.length > MOST_ROWS)
    throw new PlimsollError(
      'MODEL_QUESTION_TOO_LARGE',
      `the model "${name}" would be asked about ${rows.length} bars, more than ${MOST_ROWS}`,
      'choose a shorter span or fewer symbols',
    );
  for (let from = 0; from < rows.length; from += MAX_QUESTION_ROWS) {
    const part = rows.slice(from, from + MAX_QUESTION_ROWS);
    answers.take(part, await ask({ model: name, version, rows: part }));
    onProgress(Math.min(from + MAX_QUESTION_ROWS, rows.length), rows.length);
  }
}
