/** What a step sends when its message comes again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { openAccount, openCycles } from '../../../functions/steps/ingest.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { reconcileStep } from '../../../functions/steps/reconcile.ts';
import { signalStep } from '../../../functions/steps/signal.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 1, 3, 12);
const STREAM = 'local/paper';
const configuration = configurationSchema.parse({
  venues: { sim: { kind: 'simulated' } },
  universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
  accounts: [{ id: 'paper', universe: 'one', strategies: [{ strategy: 'sma-cross' }] }],
});

let folder: string;
let embedded: Embedded;
let ports: StepPorts;
let sent: string[];

beforeEach(async () => {
  sent = [];
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-step-'));
  embedded = openEmbedded({ directory: folder });
  ports = {
    ledger: embedded.ledger,
    send: async (queue, { body }) => {
      sent.push(`${queue} ${((body as { cycle: number }).cycle - T0) / MINUTE}`);
    },
    configuration,
    registry: await loadStrategies(folder),
    now: () => T0,
    withDeadline: (_timeoutMs, _what, work) => work(),
  };
  const [account] = configuration.accounts;
  const instruments = await new SimulatedVenue({ now: () => T0 }).instruments(['BTC/USDT']);
  await openAccount(ports, account, instruments, 'simulated', T0);
  const cycles = [0, 1].map((k) => ({ asOf: T0 + k * MINUTE, bars: new Map() }));
  await openCycles(ports, account, cycles);
});

afterEach(async () => {
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a message that comes again', () => {
  const first = { stream: STREAM, cycle: T0 };

  it('sends what follows again while nothing else has: a crash may have come before it was sent', async () => {
    for (let delivery = 1; delivery <= 2; delivery++) await reconcileStep(ports, first);
    for (let delivery = 1; delivery <= 2; delivery++) await signalStep(ports, first);
    expect(sent).toEqual(['signal 0', 'signal 0', 'reconcile 1', 'reconcile 1']);
  });

  it('sends nothing once the account has gone further: whoever took it there sees to that', async () => {
    await reconcileStep(ports, first);
    await signalStep(ports, first);
    sent.length = 0;
    await reconcileStep(ports, first);
    await reconcileStep(ports, { stream: STREAM, cycle: T0 + MINUTE });
    expect(sent).toEqual(['signal 1']);
    await signalStep(ports, first);
    expect(sent).toEqual(['signal 1']);
  });
});
