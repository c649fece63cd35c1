import type { LedgerPort } from '../../core/ports/ledger.ts';
import { STEPS } from '../../functions/steps/account-state.ts';
import { dueState } from '../../functions/steps/step.ts';
import { changedAccount, isAccount, ordersOf, reading, snapshotReadAs, snapshotReadIn } from './alterations.ts';
import type { Bug, Steps } from './bug.ts';

/** Defects in what an account remembers between two steps, and in what a step looks at. */
export const accountBugs: readonly Bug[] = [
  {
    name: 'reservation-lost',
    title: 'What working orders hold back is not there after a restart.',
    standsFor: 'Buying power counted twice after a restart, and limits passed together.',
    plant: () =>
      snapshotReadAs((engine) => {
        for (const order of ordersOf(engine)) Object.assign(order, { reserved: 0, exposure: 0 });
      }),
  },
  {
    name: 'reservation-released-twice',
    title: 'A part of what a working order holds back is given free twice.',
    standsFor: 'A partial fill whose reservation is released by the fill and again by the report of it.',
    plant: () =>
      snapshotReadAs((engine) => {
        for (const order of ordersOf(engine)) order.reserved = Math.floor(Number(order.reserved) / 2);
      }),
  },
  {
    name: 'working-order-dropped',
    title: 'The first working order of a market is not there after a restart.',
    standsFor: 'A reconciliation that drops a working order at start.',
    source: 'https://github.com/nautechsystems/nautilus_trader/issues/5000',
    plant: () =>
      snapshotReadAs((engine) => {
        const markets = engine.markets as unknown as { orders: unknown[] }[];
        for (const market of markets) market.orders = market.orders.slice(1);
      }),
  },
  {
    name: 'position-flattened',
    title: 'A position is not there after a restart.',
    standsFor: 'A reconciliation at a warm restart that flattens what is held.',
    source: 'https://github.com/nautechsystems/nautilus_trader/issues/4736',
    plant: () =>
      snapshotReadAs((engine) => {
        for (const position of engine.positions as unknown as { quantity: number; cost: number }[])
          Object.assign(position, { quantity: 0, cost: 0 });
      }),
  },
  {
    name: 'money-through-a-float',
    title: 'Cash passes through a number of 32 bits.',
    standsFor: 'Balances that drift by rounding.',
    plant: () =>
      snapshotReadAs((engine) => {
        engine.cash = Math.fround(Number(engine.cash));
      }),
  },
  {
    name: 'nan-becomes-zero',
    title: 'A target that does not stand comes back as a target of zero.',
    standsFor: 'JSON without a form for NaN: a strategy that asks to be flat is told that it is.',
    plant: () =>
      snapshotReadAs((engine) => {
        for (const position of engine.positions as unknown as { target: unknown }[]) {
          if (typeof position.target === 'object') position.target = 0;
        }
      }),
  },
  {
    name: 'order-number-reused',
    title: 'The next order gets the number of the last one.',
    standsFor: 'Orders doubled after a restart, since the counter begins again.',
    plant: () =>
      snapshotReadAs((engine) => {
        engine.nextOrder = Math.max(1, Number(engine.nextOrder) - 1);
      }),
  },
  {
    name: 'intents-lost',
    title: 'What passed risk is not there when it is to be sent.',
    standsFor: 'A restart between the decision and the order, after which nobody knows of the decision.',
    plant: () =>
      snapshotReadIn('execute', (engine) => {
        engine.intents = [];
      }),
  },
  {
    name: 'pause-forgotten',
    title: 'A strategy that was paused is asked again after the next step.',
    standsFor: 'A bot that trades on after it was stopped, since the stop was in memory alone.',
    plant: () =>
      snapshotReadAs((engine) => {
        engine.paused = (engine.paused as boolean[]).map(() => false);
      }),
  },
  {
    name: 'day-begins-with-every-step',
    title: 'The loss of a day is counted from the latest equity.',
    standsFor: 'A daily loss limit that never trips after a restart.',
    plant: () =>
      snapshotReadAs((engine) => {
        (engine.watch as { dayStart: number }).dayStart = Number(engine.cash);
      }),
  },
  {
    name: 'execute-reads-halt-from-a-cache',
    title: 'The step that sends orders believes that trading is on.',
    standsFor: 'A kill switch with one door: what was decided before it is sent after it.',
    plant: () =>
      snapshotReadIn('execute', (engine) => {
        engine.tradingState = 'Active';
      }),
  },
  {
    name: 'risk-reads-halt-from-a-cache',
    title: 'The risk line believes that trading is on.',
    standsFor: 'A halt that waits for a configuration to be read again.',
    plant: () =>
      snapshotReadIn('risk', (engine) => {
        engine.tradingState = 'Active';
      }),
  },
  {
    name: 'risk-ignores-working-orders',
    title: 'The risk line counts positions, and not what working orders may add to them.',
    standsFor: 'A position limit that many small orders pass together.',
    plant: () =>
      snapshotReadIn('risk', (engine) => {
        for (const order of ordersOf(engine)) order.exposure = 0;
      }),
  },
  {
    name: 'step-done-twice',
    title: 'A step does not look whether it has been done.',
    standsFor: 'A message that came twice and ordered twice.',
    plant: () => ({ steps: withoutCursor }),
  },
  {
    name: 'limits-of-another-account',
    title: 'The risk line checks against limits that are three times as wide.',
    standsFor: 'Limits that were loosened in one place and hold in none.',
    plant: () => ({ steps: withWideLimits }),
  },
  {
    name: 'old-deployment-goes-on',
    title: 'A step does not look whether its configuration is the one in force.',
    standsFor: 'Two releases at work on one account.',
    plant: () => ({ ledger: withoutConfiguration }),
  },
];

/** Nobody sees under which configuration an account runs. */
const withoutConfiguration = (ledger: LedgerPort): LedgerPort =>
  reading(ledger, isAccount, (document) =>
    changedAccount(document, (_, account) => {
      delete account.runsUnder;
    }),
  );

const WIDER = 3;

const withWideLimits = (steps: Steps): Steps => ({
  ...steps,
  risk(ports, message) {
    const accounts = ports.configuration.accounts.map((account) => {
      const { maxGrossExposure, maxNetExposure, ...limits } = account.limits;
      const wide = { maxGrossExposure: WIDER * maxGrossExposure, maxNetExposure: WIDER * maxNetExposure };
      return { ...account, limits: { ...limits, ...wide } };
    });
    const configuration = { ...ports.configuration, accounts };
    return steps.risk({ ...ports, configuration, ledger: withoutConfiguration(ports.ledger) }, message);
  },
});

/** Every step takes its message for due, unless it is early. */
function withoutCursor(steps: Steps): Steps {
  const entries = STEPS.map((step) => {
    const done: Steps[typeof step] = (ports, message) => {
      const ledger = reading(ports.ledger, isAccount, (document) =>
        changedAccount(document, (_, account) => {
          const cursor = account.cursor as { cycle: number; next: (typeof STEPS)[number] | 'settled' };
          if (dueState(cursor, step, message.cycle) === 'done') account.cursor = { cycle: message.cycle, next: step };
        }),
      );
      return steps[step]({ ...ports, ledger }, message);
    };
    return [step, done] as const;
  });
  return Object.fromEntries(entries) as unknown as Steps;
}
