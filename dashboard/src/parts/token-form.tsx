import { type FormEvent, useState } from 'react';
import { Mark } from './mark.tsx';

interface TokenFormProps {
  readonly wasRefused: boolean;
  readonly onToken: (token: string) => void;
}

export function TokenForm({ wasRefused, onToken }: TokenFormProps) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '') onToken(text.trim());
  };
  return (
    <main className="gate">
      <form onSubmit={submit}>
        <h1>
          <Mark size={34} /> Plimsoll
        </h1>
        {wasRefused ? (
          <p role="alert" className="problem">
            The token was refused: it is wrong, or it has expired. Paste the one that the platform printed when it
            started.
          </p>
        ) : (
          <p>This page needs a token. The platform prints one when it starts, at the end of the address.</p>
        )}
        <label>
          Token
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <button type="submit" className="primary">
          Open
        </button>
        <p className="quiet">It is kept in this tab alone, and forgotten when the tab is closed.</p>
      </form>
    </main>
  );
}
