/** The run that is crashed: small, busy, and the same in every process. */
import type { Embedded } from '../../adapters/embedded/embedded.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { definitionOf } from '../../core/configuration/definition.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import rsiReversion from '../../core/strategies/built-in/rsi-reversion.ts';
import smaCross from '../../core/strategies/built-in/sma-cross.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../core/strategies/runner.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const FROM = Date.UTC(2024, 0, 1);
const CYCLES = 400;
const MINUTE_MS = 60_000;

const registry: StrategyRegistry = new Map(
  ([smaCross, rsiReversion] as AnyStrategy[]).map((definition) => [
    definition.name,
    { definition, codeHash: '00'.repeat(32), origin: 'built-in' },
  ]),
);

const configuration = configurationSchema.parse({
  venues: { simulated: { kind: 'simulated' } },
  universes: { two: { venue: 'simulated', symbols: SYMBOLS, timeframe: '1m' } },
  accounts: [
    {
      id: 'crashed',
      universe: 'two',
      strategies: [
        { strategy: 'sma-cross', params: { fast: 3, slow: 8 }, allocation: 0.5 },
        {
          strategy: 'rsi-reversion',
          params: { period: 5, lower: 40, upper: 60, stopLoss: 0.001, takeProfit: 0.002 },
          allocation: 0.5,
        },
      ],
      limits: { maxOrderNotional: 2_000 },
    },
  ],
});

export async function crashRun() {
  const venue = new SimulatedVenue({ now: () => FROM + 1e9, seed: '7' });
  const instruments = await venue.instruments(SYMBOLS);
  const bars = new Map<string, BarColumns>(
    SYMBOLS.map((symbol) => [symbol, venue.columns(symbol, '1m', FROM, FROM + CYCLES * MINUTE_MS, CYCLES)]),
  );
  const [account] = configuration.accounts;
  const definition = definitionOf({
    configuration,
    account,
    instruments,
    provenance: 'simulated',
    registry,
    openedAt: FROM + MINUTE_MS,
  });
  return { account, instruments, bars, definition, provenance: 'simulated' as const, timeframe: '1m' as const };
}

export function crashPorts(embedded: Embedded, faultPoint: (name: string) => void): StepPorts {
  return {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry,
    now: Date.now,
    withDeadline: (_timeoutMs, _what, work) => work(),
    faultPoint,
  };
}
