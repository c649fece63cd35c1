/** What a venue changes about the instruments of an account while it trades them: taken over, or else a reason to stop. */
import { asCountedBy, streamOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { goneFor, isSaidGone } from '../../core/execution/live/market-status.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { type FieldChange, relist } from '../../core/market/relisting.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import { haltMarket } from '../../core/risk/kill-switch.ts';
import { loadAccount } from './account-state.ts';
import { byThePlatform } from './by-the-platform.ts';
import { runCommand } from './commands.ts';
import { contentHash, engineOf } from './engines.ts';
import type { StepPorts } from './ports.ts';
import { plain } from './runs-under.ts';

/** Codes under which a venue says that it has no such instrument, or none that can be traded here. */
const GONE: readonly string[] = ['SYMBOL_UNKNOWN', 'INSTRUMENT_UNSUPPORTED'];

/**
 * Holds an account's instruments against what their venue lists now. Other steps, smallest sizes, fees and margins hold from the next
 * cycle on, as the instrument's next version. One that is gone, or means something else now, is halted: nothing is opened in it, what
 * closes passes, and a person decides. Returns a sentence for each that changed. Throws what the venue throws where it cannot be asked.
 */
export async function takeListing(
  ports: StepPorts,
  account: AccountConfiguration,
  venue: Pick<MarketDataPort, 'instruments'>,
): Promise<string[]> {
  const stream = streamOf(ports.configuration, account);
  const { state } = await loadAccount(ports.ledger, stream);
  const { instruments } = (await engineOf(ports, stream, state.engine)).definition;
  const listed = await listedNow(venue, instruments);
  const told: string[] = [];
  for (const [index, known] of instruments.entries()) {
    const now = listed[index];
    if (typeof now === 'string') {
      if (await haltOnce(ports, stream, index, goneFor(now), isSaidGone))
        told.push(`${known.symbol} is halted, since its venue does not list it any more (${now}).`);
      continue;
    }
    const relisting = relist(known, asCountedBy(account, now));
    if (relisting.kind === 'same') continue;
    const what = relisting.fields.map(change).join(', ');
    if (relisting.kind === 'incompatible') {
      if (await haltOnce(ports, stream, index, `its venue lists it as something else now (${what})`))
        told.push(
          `${known.symbol} is halted, since its venue lists it as something else now (${what}). Close what is held, and trade it in another account.`,
        );
      continue;
    }
    if (await takeVersion(ports, stream, index, relisting.instrument, relisting.fields))
      told.push(`The venue changed ${known.symbol}: ${what}. It holds from the next cycle on.`);
  }
  return told;
}

const change = ({ field, from = 'none', to = 'none' }: FieldChange): string => `${field} from ${from} to ${to}`;

/** Each as it is listed, or why it is not. */
async function listedNow(
  venue: Pick<MarketDataPort, 'instruments'>,
  known: readonly Instrument[],
): Promise<(Instrument | string)[]> {
  const symbols = known.map(({ symbol }) => symbol);
  try {
    return await venue.instruments(symbols);
  } catch (error) {
    if (!isGone(error)) throw error;
    if (symbols.length === 1) return [error.message];
    const listed: (Instrument | string)[] = [];
    for (const one of known) listed.push(...(await listedNow(venue, [one])));
    return listed;
  }
}

const isGone = (error: unknown): error is PlimsollError => error instanceof PlimsollError && GONE.includes(error.code);

/**
 * Whether it was done now: a person who lets it be traded again is not overruled for the same reason. Nor is one who did so after a live
 * account had heard it from the venue, and halted it then.
 */
async function haltOnce(
  ports: StepPorts,
  stream: string,
  index: number,
  reason: string,
  wasDone: (engine: Engine, instrument: number) => boolean = () => false,
): Promise<boolean> {
  let isDone = false;
  await runCommand(
    ports,
    stream,
    'instruments.halt',
    byThePlatform(`listing-${index}-${contentHash(reason)}`),
    (engine) => {
      if (wasDone(engine, index)) return { instrument: index };
      haltMarket(engine, engine.markets[index], reason);
      isDone = true;
      return { instrument: index };
    },
  );
  return isDone;
}

async function takeVersion(
  ports: StepPorts,
  stream: string,
  index: number,
  instrument: Instrument,
  changes: readonly FieldChange[],
): Promise<boolean> {
  let isDone = false;
  const key = `listing-${index}-${contentHash(plain(instrument))}`;
  await runCommand(ports, stream, 'instruments.relist', byThePlatform(key), (engine) => {
    // Another process was first: the next look compares with what it wrote.
    if (engine.definition.instruments[index].version !== instrument.version - 1) return { instrument: index };
    recordDocument(engine, 'InstrumentRelisted', { index, instrument: plain(instrument), changes: plain(changes) });
    engine.relisted.set(index, instrument);
    isDone = true;
    return { instrument: index };
  });
  return isDone;
}
