import { memo } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { RunningStrategy } from '../api/types.ts';
import type { Ask, Question } from './confirmation.tsx';
import { Panel } from './panel.tsx';

interface StrategiesProps {
  readonly client: ApiClient;
  readonly strategies: readonly RunningStrategy[];
  readonly onAsk: Ask;
}

export const Strategies = memo(function Strategies({ client, strategies, onAsk }: StrategiesProps) {
  return (
    <Panel title="Strategies">
      {strategies.length === 0 ? (
        <p className="empty">The account runs no strategy. Name one under accounts in plimsoll.yaml.</p>
      ) : (
        <ul className="strategies">
          {strategies.map((strategy) => (
            <li key={strategy.id} data-strategy={strategy.id}>
              <div>
                <b>{strategy.id}</b> <span className="quiet">{strategy.timeframe} bars</span>
                {strategy.paused && <span className="stale"> paused</span>}
                <p className="quiet">{parameters(strategy)}</p>
                {Object.entries(strategy.models).map(([name, version]) => (
                  <p key={name} className="quiet">
                    asks {name} <code>{version}</code>
                  </p>
                ))}
              </div>
              <button
                type="button"
                onClick={() => onAsk(pauseQuestion(client, strategy))}
                aria-label={`${strategy.paused ? 'Resume' : 'Pause'} ${strategy.id}`}
              >
                {strategy.paused ? 'Resume' : 'Pause'}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
});

function parameters({ params, instruments }: RunningStrategy): string {
  const set = Object.entries((params ?? {}) as Record<string, unknown>).map(([name, value]) => `${name} ${value}`);
  return `${instruments.join(', ')}${set.length > 0 ? ` · ${set.join(', ')}` : ''}`;
}

function pauseQuestion(client: ApiClient, { account, id, paused }: RunningStrategy): Question {
  return {
    title: `${paused ? 'Resume' : 'Pause'} ${id}?`,
    action: paused ? 'Resume the strategy' : 'Pause the strategy',
    isGrave: false,
    consequences: paused ? (
      <p>It is asked again from the next cycle on.</p>
    ) : (
      <p>It is not asked from the next cycle on. Its positions stay, and so do the orders that protect them.</p>
    ),
    async act(key) {
      const done = await client.command(
        paused ? 'strategies.resume' : 'strategies.pause',
        { account, strategy: id },
        key,
      );
      return `${done.strategy} is ${done.paused ? 'paused' : 'running'}.`;
    },
  };
}
