import { type FormEvent, useEffect, useState } from 'react';
import { isOver } from '../../../core/ports/jobs.ts';
import type { ApiClient } from '../api/client.ts';
import type { AvailableStrategy, Job } from '../api/types.ts';
import { number, percent } from '../format.ts';
import { useQuery } from '../hooks.ts';
import { Panel } from './panel.tsx';

interface BacktestsProps {
  readonly client: ApiClient;
  readonly account: string;
  readonly symbols: readonly string[];
}

const ASK_AGAIN_MS = 500;

/** A strategy over the bars that the instance has kept: choose, run, read the figures. */
export function Backtests({ client, account, symbols }: BacktestsProps) {
  const { answer, problem } = useQuery(() => client.query('strategies.list', {}), account);
  const [job, setJob] = useState<Job>();
  const [refusal, setRefusal] = useState<string>();
  useProgress(client, job, setJob);

  const run = async (strategy: string, params: Record<string, unknown>, symbol: string) => {
    setRefusal(undefined);
    try {
      const started = await client.command(
        'backtests.run',
        { account, strategy, params, symbols: [symbol] },
        crypto.randomUUID(),
      );
      setJob(started.job);
    } catch (error) {
      setRefusal((error as Error).message);
    }
  };

  return (
    <Panel title="Backtest">
      <div className="backtest">
        {answer ? (
          <BacktestForm
            strategies={answer.available}
            symbols={symbols}
            isRunning={job !== undefined && !isOver(job)}
            onRun={run}
          />
        ) : (
          <p className="empty">{problem ?? 'Asking for the strategies…'}</p>
        )}
        <BacktestOutcome job={job} refusal={refusal} />
      </div>
    </Panel>
  );
}

function useProgress(client: ApiClient, job: Job | undefined, onJob: (job: Job) => void): void {
  useEffect(() => {
    if (!job || isOver(job)) return;
    const timer = setTimeout(async () => {
      // Where the server is away for a moment, the job is asked for again under the same id.
      const answer = await client.query('backtests.show', { id: job.id }).catch(() => ({ job: { ...job } }));
      onJob(answer.job);
    }, ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [client, job, onJob]);
}

interface FormProps {
  readonly strategies: readonly AvailableStrategy[];
  readonly symbols: readonly string[];
  readonly isRunning: boolean;
  readonly onRun: (strategy: string, params: Record<string, unknown>, symbol: string) => void;
}

function BacktestForm({ strategies, symbols, isRunning, onRun }: FormProps) {
  const [name, setName] = useState(strategies[0]?.name ?? '');
  const strategy = strategies.find((candidate) => candidate.name === name);
  const fields = fieldsOf(strategy?.params);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const params = Object.fromEntries(fields.map((field) => [field.name, field.read(form.get(field.name))]));
    onRun(name, params, String(form.get('symbol')));
  };
  return (
    <form onSubmit={submit} key={name}>
      <label>
        Strategy
        <select value={name} onChange={(event) => setName(event.target.value)}>
          {strategies.map((candidate) => (
            <option key={candidate.name}>{candidate.name}</option>
          ))}
        </select>
      </label>
      <label>
        Instrument
        <select name="symbol">
          {symbols.map((symbol) => (
            <option key={symbol}>{symbol}</option>
          ))}
        </select>
      </label>
      {fields.map((field) => (
        <label key={field.name} htmlFor={`backtest-${field.name}`}>
          {field.name}
          {field.isFlag ? (
            <input
              id={`backtest-${field.name}`}
              type="checkbox"
              name={field.name}
              defaultChecked={field.initial === true}
            />
          ) : (
            <input
              id={`backtest-${field.name}`}
              name={field.name}
              type={field.isNumber ? 'number' : 'text'}
              step="any"
              defaultValue={String(field.initial ?? '')}
              required
            />
          )}
        </label>
      ))}
      <button type="submit" className="primary" disabled={isRunning || !strategy}>
        {isRunning ? 'Running…' : 'Run'}
      </button>
      {strategy && <p className="quiet">{strategy.description}</p>}
    </form>
  );
}

interface Field {
  readonly name: string;
  readonly isFlag: boolean;
  readonly isNumber: boolean;
  readonly initial: unknown;
  readonly read: (entered: FormDataEntryValue | null) => unknown;
}

/** The parameters of a strategy as form fields, from their JSON schema. */
function fieldsOf(params: unknown): Field[] {
  const { properties = {} } = (params ?? {}) as { properties?: Record<string, { type?: string; default?: unknown }> };
  return Object.entries(properties).map(([name, { type, default: initial }]) => {
    const isFlag = type === 'boolean';
    const isNumber = type === 'number' || type === 'integer';
    const read = (entered: FormDataEntryValue | null) =>
      isFlag ? entered !== null : isNumber ? Number(entered) : entered;
    return { name, isFlag, isNumber, initial, read };
  });
}

function BacktestOutcome({ job, refusal }: { readonly job: Job | undefined; readonly refusal: string | undefined }) {
  const problem = refusal ?? job?.error;
  if (problem) {
    return (
      <p role="alert" className="problem">
        {problem}
      </p>
    );
  }
  if (!job)
    return (
      <p className="empty">Runs over the bars that this instance has kept, on the same functions as trading itself.</p>
    );
  if (!isOver(job)) return <progress value={job.progress} max={1} aria-label="Backtest" />;
  return (
    <dl className="outcome" data-job={job.id}>
      {figuresOf(job.result).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const FIGURES: readonly (readonly [key: string, name: string, format: (value: number) => string])[] = [
  ['totalReturn', 'Return', percent],
  ['buyAndHoldReturn', 'Buy and hold', percent],
  ['maxDrawdown', 'Deepest drawdown', percent],
  ['sharpe', 'Sharpe ratio', number],
  ['finalEquity', 'Final equity', number],
  ['trades', 'Trades', (value) => number(value, 0)],
  ['fills', 'Fills', (value) => number(value, 0)],
  ['bars', 'Bars', (value) => number(value, 0)],
];

function figuresOf(result: unknown): [string, string][] {
  const figures = (result ?? {}) as Record<string, unknown>;
  return FIGURES.flatMap(([key, name, format]) => {
    const value = typeof figures[key] === 'string' ? Number(figures[key]) : figures[key];
    return typeof value === 'number' ? [[name, format(value)] as [string, string]] : [];
  });
}
