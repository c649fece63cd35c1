import { useCallback, useMemo, useState } from 'react';
import { ApiClient } from './api/client.ts';
import { forgetToken, keepToken, mayBeToken, takeToken } from './api/token.ts';
import { Desk } from './desk.tsx';
import { TokenForm } from './parts/token-form.tsx';

const given = takeToken();

/** Asks for a token where there is none that works; the desk otherwise. */
export function App() {
  const [token, setToken] = useState(given);
  const [wasRefused, setRefused] = useState(false);
  const client = useMemo(() => (token === undefined ? undefined : new ApiClient(token)), [token]);
  const refuse = useCallback(() => {
    forgetToken();
    setRefused(true);
    setToken(undefined);
  }, []);

  if (!client) {
    return (
      <TokenForm
        wasRefused={wasRefused}
        onToken={(next) => {
          if (!mayBeToken(next)) return setRefused(true);
          keepToken(next);
          setToken(next);
        }}
      />
    );
  }
  return <Desk client={client} onTokenRefused={refuse} />;
}
