/** Work of more events than a commit holds, on any ledger: it is seen whole or not at all, and whoever comes next can finish it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import type { Json } from '../../core/json.ts';
import { verifyLedger } from '../../core/ledger/verify.ts';
import type { DocumentWrite, LedgerPort } from '../../core/ports/ledger.ts';
import { loadAccount } from '../../functions/steps/account-state.ts';
import { setTradingState } from '../../functions/steps/commands.ts';
import { commitEngine, standsAt } from '../../functions/steps/commit-engine.ts';
import { engineOf } from '../../functions/steps/engines.ts';
import { openAccount } from '../../functions/steps/ingest.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { simulatedStrategies } from '../../simulation/strategies.ts';
import { type PortUnderTest, unique } from './port-under-test.ts';

const T0 = Date.UTC(2026, 1, 3, 12);
/** Four parts. */
const EVENTS = 350;
const PARTS_BEFORE_LAST = 3;
const person = { id: 'person', name: 'a person', roles: ['trader'] } as const;

class Crash extends Error {}

export function longWorkContract(name: string, makePort: () => Promise<PortUnderTest<LedgerPort>>): void {
  describe(`work of several commits on ${name}`, () => {
    let held: PortUnderTest<LedgerPort>;
    beforeAll(async () => {
      held = await makePort();
    });
    afterAll(() => held?.stop());

    it('is written whole, with its documents at the end', async () => {
      const { stream, ports, before } = await opened(held.port);
      const large = randomBytes(600_000).toString('base64');
      const documents = [{ key: 'large', value: { text: `żółw 🐢 ${large}` }, expectedVersion: 0 }];
      expect(await work(ports, stream, documents)).toBe(true);
      expect(await sequence(ports, stream)).toBe(before + EVENTS);
      expect((await held.port.document(stream, 'large'))?.value).toEqual(documents[0].value);
      expect(await verified(held.port, stream)).toBe(before + EVENTS);
    });

    it.each(Array.from({ length: PARTS_BEFORE_LAST }, (_, k) => k + 1))(
      'that ends after part %i is seen as not begun, and finished by whoever writes next',
      async (parts) => {
        const { stream, ports, before } = await opened(held.port);
        const documents = [{ key: 'note', value: 'kept', expectedVersion: 0 }];
        await expect(work(endingAfter(parts, ports), stream, documents)).rejects.toThrow(Crash);
        const { state, version } = await loadAccount(held.port, stream);
        expect([state.engine.journal.sequence, await held.port.document(stream, 'note')]).toEqual([before, undefined]);
        expect(await standsAt(held.port, stream, version)).toBe(false);

        const origin = { principal: person, idempotencyKey: 'halt', fingerprint: '' };
        await setTradingState(ports, stream, 'Halted', 'a test', origin);
        const after = await loadAccount(held.port, stream);
        expect(after.version).toBe(version + 2);
        expect(after.state.engine.tradingState).toBe('Halted');
        expect((await held.port.document(stream, 'note'))?.value).toBe('kept');
        expect(await verified(held.port, stream)).toBeGreaterThan(before + EVENTS);
        expect(await standsAt(held.port, stream, after.version)).toBe(true);
      },
    );

    it('is finished once where several find it, and where its writer goes on beside them', async () => {
      const { stream, ports, before } = await opened(held.port);
      const done = await Promise.all([work(ports, stream, []), work(ports, stream, []), work(ports, stream, [])]);
      expect(done.filter(Boolean)).toHaveLength(1);
      expect(await sequence(ports, stream)).toBe(before + EVENTS);
      expect(await verified(held.port, stream)).toBe(before + EVENTS);
    });

    it('is not begun where a document is not at its version, or where it could not be ended', async () => {
      const { stream, ports, before } = await opened(held.port);
      expect(await work(ports, stream, [{ key: 'note', value: 1, expectedVersion: 3 }])).toBe(false);
      const many = Array.from({ length: 49 }, (_, k) => ({ key: `d${k}`, value: k, expectedVersion: 'any' as const }));
      await expect(work(ports, stream, many)).rejects.toMatchObject({ code: 'LEDGER_COMMIT_TOO_LARGE' });
      expect((await held.port.head(stream)).sequence).toBe(before);
    });

    it('begins where work of before has ended', async () => {
      const { stream, ports, before } = await opened(held.port);
      for (let times = 1; times <= 2; times++) {
        await expect(work(endingAfter(1, ports), stream, [])).rejects.toThrow(Crash);
        expect(await work(ports, stream, [])).toBe(false);
        expect(await sequence(ports, stream)).toBe(before + times * EVENTS);
      }
      expect(await work(ports, stream, [])).toBe(true);
      expect(await verified(held.port, stream)).toBe(before + 3 * EVENTS);
    });
  });
}

async function opened(ledger: LedgerPort): Promise<{ ports: StepPorts; stream: string; before: number }> {
  const id = unique('account');
  const configuration = configurationSchema.parse({
    venues: { sim: { kind: 'simulated' } },
    universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
    accounts: [{ id, universe: 'one', strategies: [{ strategy: 'sim-crossing' }] }],
  });
  const ports: StepPorts = {
    ledger,
    send: async () => undefined,
    configuration,
    registry: simulatedStrategies,
    now: () => T0,
    withDeadline: (_timeoutMs, _what, work) => work(),
  };
  const instruments = await new SimulatedVenue({ now: () => T0 }).instruments(['BTC/USDT']);
  await openAccount(ports, configuration.accounts[0], instruments, 'simulated', T0);
  const stream = `local/${id}`;
  return { ports, stream, before: await sequence(ports, stream) };
}

async function work(ports: StepPorts, stream: string, documents: readonly DocumentWrite[]): Promise<boolean> {
  const { state, version } = await loadAccount(ports.ledger, stream);
  const engine = await begun(ports, stream, state.engine);
  return commitEngine(ports, engine, { ...state, version }, documents);
}

async function begun(ports: StepPorts, stream: string, from: Parameters<Engine['restore']>[0]): Promise<Engine> {
  const engine = await engineOf(ports, stream, from);
  engine.restore(from);
  for (let k = 0; k < EVENTS; k++) recordDocument(engine, 'CyclesMissed', { k } satisfies Record<string, Json>);
  return engine;
}

const sequence = async ({ ledger }: StepPorts, stream: string): Promise<number> =>
  (await loadAccount(ledger, stream)).state.engine.journal.sequence;

/** Ends the process after so many parts. */
function endingAfter(parts: number, ports: StepPorts): StepPorts {
  let written = 0;
  return {
    ...ports,
    faultPoint: (point) => {
      if (point === 'commit:part' && ++written === parts) throw new Crash();
    },
  };
}

/** The sequence of the last event of a ledger that holds. */
async function verified(ledger: LedgerPort, stream: string): Promise<number> {
  const result = verifyLedger(await ledger.read(stream, 0, 1_000));
  expect(result).toMatchObject({ holds: true });
  return result.sequence;
}
