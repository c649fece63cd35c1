/** The ports as one process sees them: each call waits for its turn, and may meet a fault that its contract allows. */
import type { Lake } from '../adapters/lake/lake.ts';
import { PlimsollError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import { barAt } from '../core/market/bars.ts';
import type { CommitRequest, LedgerPort } from '../core/ports/ledger.ts';
import type { MarketDataPort } from '../core/ports/market-data.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import type { OutgoingMessage, QueueName, QueuePort } from '../core/ports/queue.ts';
import type { FaultPlan } from './faults.ts';
import { type CallFaults, type Process, type VirtualLoop, workOf } from './loop.ts';
import type { SimulatedQueue } from './ports/queue.ts';

const READ: CallFaults = {
  crashBefore: 'crash-while-reading',
  failed: 'read-failed',
  answerLate: 'answer-late',
  slow: 'worker-slow',
};
const COMMIT: CallFaults = {
  crashBefore: 'crash-before-commit',
  crashAfter: 'crash-after-commit',
  failed: 'commit-failed',
  answerLost: 'commit-answer-lost',
  answerLate: 'answer-late',
  slow: 'worker-slow',
};
const SEND: CallFaults = {
  crashBefore: 'crash-before-send',
  crashAfter: 'crash-after-send',
  failed: 'send-failed',
  answerLost: 'send-answer-lost',
};
const SETTLE: CallFaults = { failed: 'acknowledge-failed', answerLost: 'acknowledge-answer-lost' };
const ASK: CallFaults = { failed: 'venue-unavailable', answerLate: 'answer-late' };
const STORE: CallFaults = { failed: 'store-failed', crashBefore: 'crash-before-commit' };
const RECEIVE: CallFaults = { answerLost: 'receive-lost', failed: 'read-failed' };

/** How late a message may come, ms. */
const LATEST_MESSAGE_MS = 150_000;

/** What a process did to the ledger, told when it happens. */
export interface LedgerTold {
  /** `by` is the piece of work that asked. */
  readonly read: (stream: string, key: string, by: object) => void;
  readonly committed: (request: CommitRequest) => void;
}

export function scheduledLedger(ledger: LedgerPort, loop: VirtualLoop, process: Process, told: LedgerTold): LedgerPort {
  const read = <T>(what: string, effect: () => Promise<T>): Promise<T> => loop.call(process, what, READ, effect);
  return {
    head: (stream) => read(`ledger.head ${stream}`, () => ledger.head(stream)),
    commit: (request) =>
      loop.call(
        process,
        `ledger.commit ${request.stream} ${request.documents.map(({ key }) => key).join(' ')}`,
        COMMIT,
        async () => {
          const outcome = await ledger.commit(request);
          if (outcome.kind === 'committed') told.committed(request);
          return outcome;
        },
      ),
    read: (stream, after, limit) => read(`ledger.read ${stream}`, () => ledger.read(stream, after, limit)),
    document: (stream, key) => {
      const by = workOf(process);
      return read(`ledger.document ${stream} ${key}`, () => {
        told.read(stream, key, by);
        return ledger.document(stream, key);
      });
    },
    documents: (stream, query) =>
      read(`ledger.documents ${stream} ${query.prefix}`, () => ledger.documents(stream, query)),
    streams: () => read('ledger.streams', () => ledger.streams()),
  };
}

export type ScheduledQueue = QueuePort & { forget: SimulatedQueue['forget'] };

export function scheduledQueue(
  queue: SimulatedQueue,
  loop: VirtualLoop,
  process: Process,
  faults: FaultPlan,
): ScheduledQueue {
  const send = async (name: QueueName, message: OutgoingMessage): Promise<void> => {
    const kind = faults.strike(`message ${message.id}`, ['message-doubled', 'message-late']);
    if (kind !== undefined) loop.tell(process, `${kind}: ${message.id}`);
    queue.sendLate(name, message, kind === 'message-late' ? faults.detail(LATEST_MESSAGE_MS) : 0);
    if (kind === 'message-doubled') queue.sendLate(name, message, 0);
  };
  const settled = (what: string, id: string, effect: () => Promise<void>): Promise<void> =>
    loop.call(process, `queue.${what} ${id}`, SETTLE, effect);
  return {
    send: (name, message) => loop.call(process, `queue.send ${message.id}`, SEND, () => send(name, message)),
    receive: (name, limit, visibilityMs) =>
      loop.call(process, `queue.receive ${name}`, RECEIVE, () => queue.receive(name, limit, visibilityMs)),
    acknowledge: (name, message) => settled('acknowledge', message.id, () => queue.acknowledge(name, message)),
    release: (name, message, delayMs) => settled('release', message.id, () => queue.release(name, message, delayMs)),
    deadLetters: (name, limit) => loop.call(process, 'queue.deadLetters', READ, () => queue.deadLetters(name, limit)),
    forget: (name, letter) => settled('forget', letter.id, () => queue.forget(name, letter)),
    redrive: (name) => loop.call(process, 'queue.redrive', {}, () => queue.redrive(name)),
    depth: (name) => loop.call(process, 'queue.depth', {}, () => queue.depth(name)),
  };
}

export function scheduledMarket(market: MarketDataPort, loop: VirtualLoop, process: Process): MarketDataPort {
  return {
    venue: market.venue,
    provenance: market.provenance,
    instruments: (symbols) => loop.call(process, 'venue.instruments', {}, () => market.instruments(symbols)),
    bars: (...request) =>
      loop
        .call(process, `venue.bars ${request[0].symbol}`, ASK, () => market.bars(...request))
        .catch((error) => {
          throw new PlimsollError('VENUE_UNAVAILABLE', 'the venue did not answer', 'ask again', { cause: error });
        }),
    close: async () => undefined,
  };
}

/** What of a lake the platform writes to, on the object store: a bar an object. */
export function simulatedLake(objects: ObjectStore, loop: VirtualLoop, process: Process): Lake {
  const put = (key: string, bytes: Uint8Array) =>
    loop.call(process, `objects.put ${key}`, STORE, () => objects.put(key, bytes, { ifAbsent: true }));
  const unused = async (): Promise<never> => {
    throw new PlimsollError('SIMULATED_LAKE_WRITES_ONLY', 'the simulated lake is not read', 'look at the ledger');
  };
  return {
    async appendBars({ symbol, bars }) {
      const keys = Array.from({ length: bars.length }, (_, k) => lakeKey(symbol, Object.values(barAt(bars, k))));
      for (const key of keys) await put(key, new TextEncoder().encode(key));
      return keys;
    },
    readBars: unused,
    compact: unused,
  };
}

/** A bar's key: its symbol and all of its figures. */
export const lakeKey = (symbol: string, figures: readonly number[]): string =>
  `${symbol.replace('/', '%')}/${canonicalJson(figures).replace(/[[\]]/g, '').replaceAll(',', '_')}`;
