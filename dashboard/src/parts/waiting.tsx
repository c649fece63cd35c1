import { Mark } from './mark.tsx';

interface WaitingProps {
  readonly problem: string | undefined;
  /** The instance is there, but nothing has happened yet. */
  readonly hasAnswered: boolean;
}

/** Before there is anything to show: what is waited for, and what to do if it does not come. */
export function Waiting({ problem, hasAnswered }: WaitingProps) {
  const text =
    problem ??
    (hasAnswered
      ? 'Nothing has traded yet. The account opens with its first cycle, when the first bar closes.'
      : 'Asking the platform…');
  return (
    <main className="gate" aria-busy="true">
      <div>
        <h1>
          <Mark size={34} /> Plimsoll
        </h1>
        <p role="status" className={problem ? 'problem' : undefined}>
          {text}
        </p>
      </div>
    </main>
  );
}
