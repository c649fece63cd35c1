import { type ReactNode, useEffect, useRef, useState } from 'react';

/** Something that changes the account: asked about before it is done. */
export interface Question {
  readonly title: string;
  /** What will happen, named. */
  readonly consequences: ReactNode;
  readonly action: string;
  readonly isGrave: boolean;
  /** Asks for a reason that the ledger keeps. */
  readonly withReason?: boolean;
  /** Does it, under a key that stays the same when it is tried again; answers what it did, as a sentence. */
  readonly act: (key: string, reason: string) => Promise<string>;
}

export type Ask = (question: Question) => void;

interface ConfirmationProps {
  readonly question: Question;
  readonly onDone: (outcome: string) => void;
  readonly onClose: () => void;
}

export function Confirmation({ question, onDone, onClose }: ConfirmationProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key] = useState(() => crypto.randomUUID());
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const act = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      onDone(await question.act(key, reason.trim() || 'by hand'));
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} className="confirmation" aria-labelledby="confirmation-title" onClose={onClose}>
      <h2 id="confirmation-title">{question.title}</h2>
      <div className="consequences">{question.consequences}</div>
      {question.withReason && (
        <label>
          Reason, kept in the ledger
          <input
            maxLength={200}
            placeholder="by hand"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
      )}
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <div className="choices">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="button" className={question.isGrave ? 'grave' : 'primary'} disabled={isBusy} onClick={act}>
          {problem ? `Try again: ${question.action.toLowerCase()}` : question.action}
        </button>
      </div>
    </dialog>
  );
}
