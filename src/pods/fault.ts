/** A way to fail on purpose, for tests of what comes after. */
export type Fault =
  /** Holds the event loop for so long. */
  | { readonly type: 'block'; readonly ms: number }
  /** Takes memory until the heap ends. */
  | { readonly type: 'leak' }
  /** An exception that nobody catches. */
  | { readonly type: 'throw' }
  | { readonly type: 'exit'; readonly code: number }

/** Fails as told, in the process or thread it is called in. */
export function commit(fault: Fault): void {
  switch (fault.type) {
    case 'block':
      block(fault.ms)
      return
    case 'leak':
      leak()
      return
    case 'throw':
      throw new Error('a fault that was asked for')
    case 'exit':
      process.exit(fault.code)
  }
}

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Objects and not buffers: those are outside of the heap that has a limit. */
function leak(): never {
  const kept: unknown[] = []
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index })))
}
