import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import { NO_REASON, ReasonField } from './reason-field.tsx';

/** Something that changes the account: asked about before it is done. */
export interface Question {
  readonly title: string;
  /** What will happen, named. */
  readonly consequences: ReactNode;
  readonly action: string;
  readonly isGrave: boolean;
  /** Asks for a reason; `needed` where nothing is done without one. */
  readonly reason?: 'asked' | 'needed';
  /**
   * What keeps the reason.
   * @default the ledger
   */
  readonly keptIn?: string;
  /** A name that is typed before it is done; without `always`, where the server asks for it. */
  readonly typed?: { readonly name: string; readonly always: boolean };
  /**
   * Does it, under a key that stays the same when it is tried again; answers what it did, as a sentence.
   * @param typed what was typed; undefined where nothing was asked for
   */
  readonly act: (key: string, reason: string, typed: string | undefined) => Promise<string>;
}

export type Ask = (question: Question) => void;

interface ConfirmationProps {
  readonly question: Question;
  readonly onDone: (outcome: string) => void;
  readonly onClose: () => void;
}

/** The code under which the server asks for a name to be typed. */
const ASKS_TO_TYPE = 'APPROVAL_NOT_CONFIRMED';

export function Confirmation({ question, onDone, onClose }: ConfirmationProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key] = useState(() => crypto.randomUUID());
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [isTyping, setTyping] = useState(question.typed?.always === true);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isReady =
    (question.reason !== 'needed' || reason.trim() !== '') && (!isTyping || typed.trim() === question.typed?.name);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const act = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      onDone(await question.act(key, reason.trim() || NO_REASON, isTyping ? typed.trim() : undefined));
    } catch (error) {
      if (question.typed && error instanceof ApiProblem && error.code === ASKS_TO_TYPE) setTyping(true);
      setProblem((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} className="confirmation" aria-labelledby="confirmation-title" onClose={onClose}>
      <h2 id="confirmation-title">{question.title}</h2>
      <form
        className="switch"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isBusy) act();
        }}
      >
        <div className="consequences">{question.consequences}</div>
        {question.reason && (
          <ReasonField
            value={reason}
            onChange={setReason}
            isNeeded={question.reason === 'needed'}
            keptIn={question.keptIn}
          />
        )}
        {isTyping && question.typed && (
          <TypedField
            name={question.typed.name}
            value={typed}
            onChange={setTyped}
            takesFocus={!question.typed.always}
          />
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
          <button type="submit" className={question.isGrave ? 'grave' : 'primary'} disabled={isBusy || !isReady}>
            {problem ? `Try again: ${question.action.toLowerCase()}` : question.action}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface TypedFieldProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (typed: string) => void;
  /** Where it appears only later, as what is still missing. */
  readonly takesFocus?: boolean;
}

/** A name that is typed, so that nothing grave is done by a slip. */
export function TypedField({ name, value, onChange, takesFocus = false }: TypedFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (takesFocus) input.current?.focus();
  }, [takesFocus]);
  return (
    <label>
      <span>
        Type <b>{name}</b> to confirm
      </span>
      <input
        ref={input}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
