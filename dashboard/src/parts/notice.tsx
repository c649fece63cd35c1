import { useEffect } from 'react';

const SHOWN_MS = 8_000;

/** What a command did, for a while. */
export function Notice({ text, onGone }: { readonly text: string | undefined; readonly onGone: () => void }) {
  useEffect(() => {
    if (text === undefined) return;
    const timer = setTimeout(onGone, SHOWN_MS);
    return () => clearTimeout(timer);
  });
  return (
    <div className="notice" role="status" aria-live="polite" hidden={text === undefined}>
      {text}
    </div>
  );
}
