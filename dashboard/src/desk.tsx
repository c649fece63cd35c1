import { useEffect, useState } from 'react';
import { Account } from './account.tsx';
import type { ApiClient } from './api/client.ts';
import type { Instance } from './api/types.ts';
import { money } from './format.ts';
import { useFeed, useInstance, useTheme } from './hooks.ts';
import { Confirmation, type Question } from './parts/confirmation.tsx';
import { Header } from './parts/header.tsx';
import { Notice } from './parts/notice.tsx';
import { Waiting } from './parts/waiting.tsx';

interface DeskProps {
  readonly client: ApiClient;
  readonly onTokenRefused: () => void;
}

/** The page once there is a token: waits for the instance, then shows one of its accounts. */
export function Desk({ client, onTokenRefused }: DeskProps) {
  const { instance, problem } = useInstance(client, onTokenRefused);
  if (!instance || instance.accounts.length === 0)
    return <Waiting problem={problem} hasAnswered={instance !== undefined} />;
  return <Accounts client={client} instance={instance} onTokenRefused={onTokenRefused} />;
}

function Accounts({ client, instance, onTokenRefused }: DeskProps & { instance: Instance }) {
  const [account, setAccount] = useState(instance.accounts[0].account);
  const [question, setQuestion] = useState<Question>();
  const [notice, setNotice] = useState<string>();
  const { theme, choose } = useTheme();
  const { state, changed } = useFeed(client, account, onTokenRefused);
  const view = state.view?.account.account === account ? state.view : undefined;
  const summary = view?.account ?? instance.accounts.find((candidate) => candidate.account === account)!;
  useTitle(
    [
      ...(summary.tradingState === 'Active' ? [] : [summary.tradingState]),
      ...(summary.live ? ['REAL MONEY'] : []),
      `${money(summary.equity)} ${summary.currency}`,
      instance.instance,
    ].join(' · '),
  );

  return (
    <>
      <a className="skip" href="#figures">
        Skip to the figures
      </a>
      <Header
        client={client}
        instance={instance}
        summary={summary}
        feed={state}
        orders={view?.orders ?? []}
        theme={theme}
        onTheme={choose}
        onAccount={setAccount}
        onAsk={setQuestion}
        onSwitched={(outcome) => {
          setNotice(outcome);
          changed();
        }}
      />
      {view ? (
        <Account client={client} view={view} feed={state} theme={theme} onAsk={setQuestion} />
      ) : (
        <Waiting problem={state.problem} hasAnswered />
      )}
      <Notice text={notice} onGone={() => setNotice(undefined)} />
      {question && (
        <Confirmation
          key={question.title}
          question={question}
          onDone={(outcome) => {
            setQuestion(undefined);
            setNotice(outcome);
            changed();
          }}
          onClose={() => setQuestion(undefined)}
        />
      )}
    </>
  );
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
