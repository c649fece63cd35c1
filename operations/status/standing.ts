import type * as z from 'zod/mini';
import type { Engine } from '../../core/engine/engine.ts';
import type { Stop } from '../../core/engine/market-state.ts';
import type { standing } from '../trading-state/schema.ts';

type Standing = z.output<typeof standing>;

/** What is stopped in an account, and why: all of it, strategies, instruments. */
export function standingIn(engine: Engine): Standing[] {
  const { tradingState, stopped, paused, pauses, runners, markets } = engine;
  const whole: Standing[] =
    tradingState === 'Active' ? [] : [{ scope: 'account', name: '', state: tradingState, ...told(stopped) }];
  const strategies = runners
    .filter(({ index }) => paused[index])
    .map(({ index, running }) => halted('strategy', running.id, pauses.get(index)));
  const instruments = markets
    .filter((market) => market.halted)
    .map((market) => halted('instrument', market.instrument.symbol, market.halted));
  return [...whole, ...strategies, ...instruments];
}

const halted = (scope: 'strategy' | 'instrument', name: string, stop: Stop | undefined): Standing => ({
  scope,
  name,
  state: 'Halted',
  ...told(stop),
});

const told = (stop: Stop | undefined) => ({ reason: stop?.reason ?? '', since: stop?.since ?? null });
