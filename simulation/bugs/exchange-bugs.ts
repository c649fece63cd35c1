import type { ExecutionVenuePort, SubmitAnswer, VenueFill } from '../../core/ports/execution-venue.ts';
import type { LedgerDocument, LedgerPort } from '../../core/ports/ledger.ts';
import { delegated, isAccount, snapshotReadIn } from './alterations.ts';
import type { Bug } from './bug.ts';

/** Defects in what is made of an exchange's answers, and of their absence. */
const bugs: readonly Omit<Bug, 'isOfExchange'>[] = [
  {
    name: 'timeout-taken-for-refusal',
    title: 'A submission that was not answered is taken for one that failed.',
    standsFor: 'Orders that went through while the bot believed that they had not, so that it lost track of them.',
    source: 'https://github.com/hummingbot/hummingbot/issues/2342',
    plant: () => ({
      exchange: (exchange) => ({
        ...exchange,
        async submit(request) {
          const answer = await exchange.submit(request);
          return answer.kind === 'unclear' ? { kind: 'rejected', reason: answer.reason } : answer;
        },
      }),
    }),
  },
  {
    name: 'timeout-orders-again',
    title: 'A submission that was not answered is made again, as another order.',
    standsFor: 'A time-out after which an order is placed twice.',
    source: 'https://github.com/scrtlabs/catalyst/issues/317',
    plant: () => ({
      exchange: (exchange) => ({
        ...exchange,
        async submit(request): Promise<SubmitAnswer> {
          const answer = await exchange.submit(request);
          if (answer.kind !== 'unclear') return answer;
          return exchange.submit({ ...request, clientOrderId: `again${request.clientOrderId}`.slice(0, 36) });
        },
      }),
    }),
  },
  {
    name: 'id-drawn-at-sending',
    title: 'The id of an order is drawn when it is sent, and not derived from what it is.',
    standsFor: 'Orders that appear under ids of their own after every restart, beside those that they repeat.',
    source: 'https://github.com/nautechsystems/nautilus_trader/issues/3176',
    plant: () => {
      let drawn = 0;
      return {
        exchange: (exchange) => ({
          ...exchange,
          submit: (request) => exchange.submit({ ...request, clientOrderId: `drawn${++drawn}` }),
        }),
      };
    },
  },
  {
    name: 'mark-expires-in-work',
    title: 'What was marked as about to be sent is taken for not sent by whoever comes next, and is sent again.',
    standsFor:
      'A record of work in progress that runs out with the function that made it, so that the work is done twice.',
    source: 'https://github.com/aws-powertools/powertools-lambda-python/issues/8049',
    plant: () =>
      snapshotReadIn('execute', (engine) => {
        const { orders } = (engine.live ?? { orders: [] }) as unknown as { orders: { phase: string; sends: number }[] };
        for (const order of orders)
          if (order.phase === 'sending' || order.phase === 'unclear')
            Object.assign(order, { phase: 'prepared', sends: 0 });
      }),
  },
  {
    name: 'cancel-believed',
    title: 'An order that was to be canceled is taken for canceled, whatever the exchange says.',
    standsFor: 'Orders that persist at the exchange after their cancellation got lost.',
    source: 'https://github.com/hummingbot/hummingbot/issues/3374',
    plant: () => {
      const canceled = new Set<string>();
      return {
        exchange: (exchange) => ({
          ...exchange,
          cancel(instrument, clientOrderId) {
            canceled.add(clientOrderId);
            return exchange.cancel(instrument, clientOrderId);
          },
          async query(instrument, clientOrderId) {
            const answer = await exchange.query(instrument, clientOrderId);
            if (answer.kind !== 'found' || !canceled.has(clientOrderId)) return answer;
            return { kind: 'found', order: { ...answer.order, status: 'canceled', statusText: 'canceled' } };
          },
          openOrders: async (instruments) =>
            (await exchange.openOrders(instruments)).filter((order) => !canceled.has(order.clientOrderId)),
        }),
      };
    },
  },
  {
    name: 'fills-of-an-outage-dropped',
    title: 'Fills that come while the connection is away are not asked for afterwards.',
    standsFor: 'Fills that were told during a disconnect, dropped, and never recovered after it.',
    source: 'https://github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers/issues/249',
    plant: () => {
      let wasAway = false;
      return {
        exchange: (exchange) => ({
          ...noticing(exchange, () => {
            wasAway = true;
          }),
          async fills(instruments, since, cursor) {
            const told = await exchange.fills(instruments, since, cursor);
            const dropped = wasAway && cursor !== undefined && told.fills.length > 0;
            if (dropped) wasAway = false;
            return dropped ? { ...told, fills: [] } : told;
          },
        }),
      };
    },
  },
  {
    name: 'fills-of-one-moment-skipped',
    title: 'Of several fills of one moment the last alone is read.',
    standsFor: 'Pages of trades that are cut by time, and leave out those of the same millisecond.',
    source: 'https://github.com/ccxt/ccxt/pull/9409',
    plant: () => ({
      exchange: (exchange) =>
        readingFills(exchange, (fills) =>
          fills.filter(({ time, symbol }, k) => !(fills[k + 1]?.time === time && fills[k + 1].symbol === symbol)),
        ),
    }),
  },
  {
    name: 'fill-booked-twice',
    title: 'A fill that is told again is booked again.',
    standsFor: 'Fills that a recovered order processes a second time.',
    source: 'https://github.com/CoinAlpha/hummingbot/pull/82',
    plant: () => {
      let read = 0;
      return {
        exchange: (exchange) =>
          readingFills(exchange, (fills) =>
            fills.map((fill) => (++read % 2 === 0 ? { ...fill, id: `${fill.id}-${read}` } : fill)),
          ),
      };
    },
  },
  {
    name: 'fee-not-booked',
    title: 'What the exchange keeps as its fee is not booked.',
    standsFor: 'A fee in an asset of its own, without which an account believes to hold more than it does.',
    plant: () => ({
      exchange: (exchange) => readingFills(exchange, (fills) => fills.map((fill) => ({ ...fill, fee: '0' }))),
    }),
  },
  {
    name: 'sent-without-a-look',
    title: 'An order is sent without a look whether its account still stands as it was decided on.',
    standsFor: 'A kill switch after which the bot goes on to create orders.',
    source: 'https://github.com/hummingbot/hummingbot/issues/2534',
    plant: () => ({
      steps: (steps) => ({
        ...steps,
        execute: (ports, message) => steps.execute({ ...ports, ledger: rememberingAccount(ports.ledger) }, message),
      }),
    }),
  },
];

export const exchangeBugs: readonly Bug[] = bugs.map((bug) => ({ ...bug, isOfExchange: true }));

const readingFills = (
  exchange: ExecutionVenuePort,
  change: (fills: readonly VenueFill[]) => VenueFill[],
): ExecutionVenuePort => ({
  ...exchange,
  async fills(instruments, since, cursor) {
    const told = await exchange.fills(instruments, since, cursor);
    return { ...told, fills: change(told.fills) };
  },
});

/** The account is read as this process has written it, until it is told that another has. */
function rememberingAccount(ledger: LedgerPort): LedgerPort {
  let remembered: LedgerDocument | undefined;
  return {
    ...delegated(ledger),
    async commit(request) {
      const outcome = await ledger.commit(request);
      const account = request.documents.find(({ key }) => isAccount(key));
      remembered = undefined;
      if (outcome.kind === 'committed' && account)
        remembered = { key: account.key, value: account.value, version: Number(account.expectedVersion) + 1 };
      return outcome;
    },
    document: async (stream, key) => (isAccount(key) ? remembered : undefined) ?? ledger.document(stream, key),
  };
}

/** Says when the exchange could not be heard. */
const noticing = (exchange: ExecutionVenuePort, notice: () => void): ExecutionVenuePort => ({
  ...exchange,
  clock: () =>
    exchange.clock().catch((error) => {
      notice();
      throw error;
    }),
});
