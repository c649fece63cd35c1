import type { Json } from '../json.ts';
import { registration } from '../strategies/registration.ts';
import { moveCash, recordDocument } from './bookkeeping.ts';
import type { Engine } from './engine.ts';

/** The first events of a stream: who it is, what it may trade, who decides, under which limits, and the first deposit. */
export function openStream(engine: Engine): void {
  const { definition } = engine;
  engine.time = definition.openedAt;
  recordDocument(engine, 'StreamOpened', {
    stream: definition.stream,
    provenance: definition.provenance,
    currency: definition.currency,
    moneyDecimals: definition.moneyDecimals,
    timeframe: definition.timeframe,
  });
  definition.instruments.forEach((instrument, index) => {
    recordDocument(engine, 'InstrumentListed', { index, instrument: plain(instrument) });
  });
  definition.strategies.forEach((running, index) => {
    recordDocument(engine, 'StrategyRegistered', { index, ...registration(running) });
  });
  recordDocument(engine, 'ConfigurationApplied', {
    configurationHash: definition.configurationHash,
    limits: plain(definition.limits),
    execution: plain(definition.execution),
    ...(definition.sizing ? { sizing: plain(definition.sizing) } : {}),
    ...(definition.budgets ? { budgets: [...definition.budgets] } : {}),
  });
  moveCash(engine, definition.cash);
  engine.equity = engine.cash;
}

/** Without members that are undefined. */
const plain = (value: object): Json => JSON.parse(JSON.stringify(value));
