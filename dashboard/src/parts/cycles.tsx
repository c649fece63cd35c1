import { memo } from 'react';
import type { Cycle } from '../api/types.ts';
import { duration } from '../format.ts';
import { Money, Time } from './figure.tsx';
import { Panel, Table } from './panel.tsx';

const STEPS = ['ingest', 'reconcile', 'signal', 'risk', 'execute'] as const;
const SHOWN = 30;

export const Cycles = memo(function Cycles({ cycles }: { readonly cycles: readonly Cycle[] }) {
  return (
    <Panel title="Last cycles">
      <Table
        label="Last cycles"
        head={['Cycle', ...STEPS.map((step) => step[0].toUpperCase() + step.slice(1)), 'Took', 'Equity']}
        numeric={[6, 7]}
        isTall
        empty="No cycle has run yet. One runs whenever a bar closes."
      >
        {cycles.slice(0, SHOWN).map((cycle) => (
          <CycleRow key={cycle.cycle} cycle={cycle} />
        ))}
      </Table>
    </Panel>
  );
});

/** A list that is replaced holds the same cycles as before but for the newest: only that row is drawn. */
const CycleRow = memo(function CycleRow({ cycle }: { readonly cycle: Cycle }) {
  const took = cycle.steps.reduce((sum, step) => sum + step.elapsedMs, 0);
  return (
    <tr data-cycle={cycle.cycle}>
      <th scope="row">
        <Time ms={cycle.cycle} />
      </th>
      {STEPS.map((name) => {
        const step = cycle.steps.find((candidate) => candidate.step === name);
        return (
          <td
            key={name}
            className="step"
            title={step && `${new Date(step.at).toLocaleTimeString()}, ${step.elapsedMs} ms`}
          >
            {step ? step.verdict : <span className="quiet">–</span>}
          </td>
        );
      })}
      <td className="numeric">
        {duration(took)}
        {cycle.lateByMs > 0 && <span className="stale"> {duration(cycle.lateByMs)} late</span>}
      </td>
      <td className="numeric">{cycle.equity === null ? '–' : <Money amount={cycle.equity} />}</td>
    </tr>
  );
});
