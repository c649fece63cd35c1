import type { ReactNode } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { AccountSummary, Order, TradingState } from '../api/types.ts';
import type { Ask, Question } from './confirmation.tsx';
import { isWorking } from './orders.tsx';

interface TradingSwitchProps {
  readonly client: ApiClient;
  readonly summary: AccountSummary;
  readonly orders: readonly Order[];
  readonly onAsk: Ask;
  /** What stands beside the buttons. */
  readonly children?: ReactNode;
}

const BUTTONS: Record<TradingState, string> = { Active: 'Resume', Reducing: 'Reduce only', Halted: 'Halt' };

/** The trading state in plain sight, and the kill switch beside it: always the two states that it is not in. */
export function TradingSwitch({ client, summary, orders, onAsk, children }: TradingSwitchProps) {
  const others = (['Active', 'Reducing', 'Halted'] as const).filter((state) => state !== summary.tradingState);
  return (
    <fieldset className="trading">
      <legend className="unseen">Trading</legend>
      <span className="trading-state" data-state={summary.tradingState} role="status">
        {summary.tradingState}
      </span>
      {others.map((state) => (
        <button
          key={state}
          type="button"
          className={state === 'Halted' ? 'grave' : undefined}
          onClick={() => onAsk(questionFor(state, client, summary, orders))}
        >
          {BUTTONS[state]}
        </button>
      ))}
      {children}
    </fieldset>
  );
}

function questionFor(
  state: TradingState,
  client: ApiClient,
  summary: AccountSummary,
  orders: readonly Order[],
): Question {
  return {
    ...WORDS[state](summary, orders.filter(isWorking)),
    isGrave: state === 'Halted',
    reason: 'asked',
    async act(key, reason) {
      const done = await client.command('trading-state.set', { account: summary.account, state, reason }, key);
      const canceled =
        done.canceled > 0
          ? ` ${done.canceled} working ${plural(done.canceled, 'order was', 'orders were')} canceled.`
          : '';
      return `Trading is ${done.state}.${canceled}`;
    },
  };
}

type Words = (
  summary: AccountSummary,
  working: readonly Order[],
) => Pick<Question, 'title' | 'consequences' | 'action'>;

const WORDS: Record<TradingState, Words> = {
  Halted: ({ account, openPositions }, working) => {
    const protecting = working.filter(isProtection).length;
    return {
      title: `Halt trading of ${account}?`,
      action: 'Halt trading',
      consequences: (
        <ul>
          <li>
            {working.length === 0
              ? 'No working order would be canceled now.'
              : `${working.length} working ${plural(working.length, 'order is', 'orders are')} canceled${protecting > 0 ? `, the ${protecting} that ${plural(protecting, 'protects', 'protect')} a position too` : ''}.`}
          </li>
          <li>
            {openPositions} open {plural(openPositions, 'position stays', 'positions stay')}
            {openPositions > 0 &&
              `, without ${plural(openPositions, 'its', 'their')} stops: close ${plural(openPositions, 'it', 'them')} by hand, or choose "reduce only", which keeps protection`}
            .
          </li>
          <li>Every new proposal is denied (TRADING_HALTED) until you resume.</li>
        </ul>
      ),
    };
  },
  Reducing: ({ account }) => ({
    title: `Let ${account} only reduce?`,
    action: 'Reduce only',
    consequences: (
      <ul>
        <li>Orders that lower a position pass; everything else is denied (TRADING_REDUCING_ONLY).</li>
        <li>Working orders that could raise a position are canceled; positions and their protection stay.</li>
        <li>It stays so until you resume or halt.</li>
      </ul>
    ),
  }),
  Active: ({ account, tradingState }) => ({
    title: `Resume trading of ${account}?`,
    action: 'Resume trading',
    consequences: (
      <ul>
        <li>
          Trading is {tradingState} now. From the next cycle on, strategies may open positions again, within the limits.
        </li>
        <li>Orders that were canceled stay canceled.</li>
      </ul>
    ),
  }),
};

const isProtection = (order: Order): boolean => order.purpose !== 'entry';

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);
