import { lazy, useState } from 'react';
import type { ApiClient } from '../api/client.ts';
import type { Ask } from './confirmation.tsx';
import { OnDemand } from './on-demand.tsx';
import { Panel } from './panel.tsx';

const Models = lazy(() => import('./models.tsx').then((part) => ({ default: part.Models })));

export interface ModelsPanelProps {
  readonly client: ApiClient;
  readonly onAsk: Ask;
}

/** A line until it is opened: models are looked at now and then, and their figures are fetched for who does. */
export function ModelsPanel({ client, onAsk }: ModelsPanelProps) {
  const [isOpen, setOpen] = useState(false);
  const aside = (
    <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
      {isOpen ? 'Hide the models' : 'Show the models'}
    </button>
  );
  if (!isOpen)
    return (
      <Panel title="Models" aside={aside}>
        <p className="empty">Which versions decide, how good they are, and what became of them.</p>
      </Panel>
    );
  return (
    <OnDemand title="Models" aside={aside}>
      <Models client={client} onAsk={onAsk} aside={aside} />
    </OnDemand>
  );
}
