import { type ReactNode, useReducer, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { ListedModel, ShownModel } from '../api/types.ts';
import { number } from '../format.ts';
import { useQuery } from '../hooks.ts';
import type { Ask, Question } from './confirmation.tsx';
import { Time } from './figure.tsx';
import type { ModelsPanelProps } from './models-panel.tsx';
import { Panel, Table } from './panel.tsx';
import { Sighting } from './sighting.tsx';

/** The models that were trained: which version of each decides, its figures, what became of the versions, and what a person does about them. */
export function Models({ client, onAsk, aside }: ModelsPanelProps & { readonly aside: ReactNode }) {
  // Asked again after what was done here.
  const [asked, askAgain] = useReducer((count: number) => count + 1, 0);
  const { answer, problem } = useQuery(() => client.query('models.list', { source: 'trained' }), String(asked));
  // What is watched is told beside the models, and its absence keeps none from being shown.
  const { answer: watch } = useQuery(() => client.query('models.watch', {}), String(asked));
  const models = [...(answer?.models ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  return (
    <Panel title="Models" aside={aside}>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      {!answer && !problem && <p className="empty">Asking for the models…</p>}
      {answer && models.length === 0 && (
        <p className="empty">No model has been trained. Train one with `plimsoll models train`.</p>
      )}
      {watch?.watcher?.problem && (
        <p className="problem">The watch of models ended by itself. {watch.watcher.problem}</p>
      )}
      {answer?.unreadable.map(({ name, problem: why }) => (
        <p key={name} role="alert" className="problem">
          {name} cannot be read. {why}
        </p>
      ))}
      <ul className="models">
        {models.map((model) => (
          <li key={model.name} data-model={model.name}>
            <Model client={client} model={model} asked={asked} onAsk={onAsk} onDone={askAgain}>
              <Sighting of={watch?.models.find((sighting) => sighting.model === model.name)} />
            </Model>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface ModelProps {
  readonly client: ApiClient;
  readonly model: ListedModel;
  /** Changes whenever it is to be asked for again. */
  readonly asked: number;
  readonly onAsk: Ask;
  readonly onDone: () => void;
}

const VERDICTS = {
  beats: 'beats the baseline',
  undecided: 'not told apart from the baseline',
  loses: 'loses to the baseline',
} as const;

function Model({ client, model, asked, onAsk, onDone, children }: ModelProps & { readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const { name, champion, metric, score, baseline, gained, verdict, fittedOn, versions = 1 } = model;
  return (
    <>
      <p>
        <b>{name}</b>{' '}
        {champion ? (
          <span className="quiet">
            <code>{champion}</code> decides
          </span>
        ) : (
          <span className="stale">no version decides</span>
        )}
      </p>
      <p className="quiet">
        {METRICS[metric] ?? metric} {number(score, 4)}, baseline {number(baseline, 4)}; gained{' '}
        {gained.map((value) => number(value, 4)).join(' to ')} (95 %): {VERDICTS[verdict]}, on{' '}
        {fittedOn.rows.toLocaleString('en-US')} rows
      </p>
      {children}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{versions === 1 ? 'One version' : `${versions} versions`}, and what became of them</summary>
        {isOpen && <Versions client={client} model={model} asked={asked} onAsk={onAsk} onDone={onDone} />}
      </details>
    </>
  );
}

const METRICS: Readonly<Record<string, string>> = { logLoss: 'log loss' };

function Versions({ client, model, asked, onAsk, onDone }: ModelProps) {
  const { name } = model;
  const { answer, problem } = useQuery(() => client.query('models.show', { name }), `${name} ${asked}`);
  if (!answer) return <p className="empty">{problem ?? 'Asking for its versions…'}</p>;
  const { standings = [], history = [] } = answer;
  const former = standings.filter(({ status }) => status === 'former');
  const ask = (deed: Deed): void => onAsk(questionOf(client, name, deed, onDone));
  return (
    <>
      {problem && <p className="problem">{problem}</p>}
      <ul className="versions">
        {[...standings].reverse().map(({ version, status }) => (
          <li key={version} data-version={version}>
            <code>{version}</code> <span className="quiet">{STATUS[status]}</span>
            {status !== 'champion' && status !== 'retired' && (
              <span className="version-deeds">
                <button type="button" onClick={() => ask({ action: 'promote', version })}>
                  Promote
                </button>
                <button type="button" onClick={() => ask({ action: 'retire', version })}>
                  Retire
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {former.length > 0 && (
        <button type="button" onClick={() => ask({ action: 'rollback' })}>
          Roll back
        </button>
      )}
      <History of={history} />
    </>
  );
}

const STATUS = {
  candidate: 'waits',
  champion: 'decides',
  former: 'decided before',
  retired: 'retired',
} as const;

function History({ of }: { readonly of: NonNullable<ShownModel['history']> }) {
  return (
    <Table label="What became of its versions" head={['When', 'Version', 'What', 'Who', 'Why']} isTall empty="">
      {[...of].reverse().map(({ at, version, action, by, reason }, index) => (
        <tr key={of.length - index} data-action={action}>
          <td>
            <Time ms={at} />
          </td>
          <td>
            <code>{version}</code>
          </td>
          <td>{action}</td>
          <td>{by}</td>
          <td className="what" title={reason}>
            {reason}
          </td>
        </tr>
      ))}
    </Table>
  );
}

type Deed =
  | { readonly action: 'promote' | 'retire'; readonly version: string }
  | { readonly action: 'rollback'; readonly version?: undefined };

const TAKEN_OVER =
  'A platform that runs takes it over within some ten seconds, with a fresh start of itself; strategies that ask the model hear that version from then on.';

const ASKED = {
  promote: {
    title: 'Promote a version of',
    action: 'Promote the version',
    consequence: TAKEN_OVER,
    did: 'is champion',
  },
  rollback: {
    ...{ title: 'Roll back', action: 'Roll back', did: 'is champion again' },
    consequence: `The version that decided before decides again. ${TAKEN_OVER}`,
  },
  retire: {
    ...{ title: 'Retire a version of', action: 'Retire the version', did: 'is retired' },
    consequence: 'It never decides again. Its files stay, so that what it decided can be replayed.',
  },
} as const;

function questionOf(client: ApiClient, name: string, { action: does, version }: Deed, onDone: () => void): Question {
  const { title, action, consequence, did } = ASKED[does];
  return {
    ...{ title: `${title} ${name}?`, action, isGrave: true, reason: 'needed', keptIn: 'the history of the model' },
    consequences: (
      <>
        {version && (
          <p>
            <code>{version}</code>
          </p>
        )}
        <p>{consequence}</p>
      </>
    ),
    async act(key, reason) {
      const done =
        does === 'rollback'
          ? await client.command('models.rollback', { name, reason }, key)
          : await client.command(`models.${does}`, { name, version, reason }, key);
      onDone();
      return `${name} ${done.version} ${did}.`;
    },
  };
}
