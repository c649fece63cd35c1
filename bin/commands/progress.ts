/** Progress on a terminal, on standard error; nothing in a pipe. */
export function progressLine(what: string): { (done: number, total: number): void; end(): void } {
  const shown = process.stderr.isTTY === true;
  let last = -1;
  const update = (done: number, total: number): void => {
    const percent = Math.floor((done / Math.max(1, total)) * 100);
    if (!shown || percent === last) return;
    last = percent;
    process.stderr.write(`\r${what} ${percent} %`);
  };
  return Object.assign(update, {
    end() {
      if (shown && last >= 0) process.stderr.write('\r\u001b[K');
    },
  });
}

/** What `work` gives, with a progress line that goes away however it ends. */
export function withProgress<T>(what: string, work: (onProgress: (done: number, total: number) => void) => T): T {
  const progress = progressLine(what);
  try {
    return work(progress);
  } finally {
    progress.end();
  }
}
