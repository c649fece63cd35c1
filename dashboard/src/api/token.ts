/** The token that this tab uses: from the address it was opened with, else as kept for the session. */
const KEY = 'plimsoll.token';

/** Takes the token out of the address bar (`#token=…`), so that it is not copied along with it. */
export function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    if (mayBeToken(given)) keepToken(given);
  }
  return sessionStorage.getItem(KEY) ?? undefined;
}

export const keepToken = (token: string): void => sessionStorage.setItem(KEY, token);

export const forgetToken = (): void => sessionStorage.removeItem(KEY);

/** Whether it could be a token at all: no header carries anything else than visible ASCII. */
export const mayBeToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);
