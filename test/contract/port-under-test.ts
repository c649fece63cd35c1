import { setTimeout as sleep } from 'node:timers/promises';

/** What a contract suite is given: a port, and how to let go of what stands behind it. */
export interface PortUnderTest<Port> {
  readonly port: Port;
  stop(): Promise<void>;
}

let named = 0;

/** A name that no other test uses, so that suites can share a store that is dear to create. */
export function unique(what: string): string {
  named += 1;
  return `${what}-${process.pid}-${Date.now().toString(36)}-${named}`;
}

/** Asks until `holds` answers truthy, for stores whose figures follow their writes; the last answer if it never does. */
export async function eventually<T>(ask: () => Promise<T>, holds: (answer: T) => boolean, attempts = 60): Promise<T> {
  let answer = await ask();
  for (let attempt = 1; attempt < attempts && !holds(answer); attempt++) {
    await sleep(100);
    answer = await ask();
  }
  return answer;
}
