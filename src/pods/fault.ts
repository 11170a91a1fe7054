/** A fault to inject into a pod, for tests of recovery. */
export type Fault =
  /** Blocks the event loop for `ms`. */
  | { readonly type: 'block'; readonly ms: number }
  /** Allocates until the heap limit is reached. */
  | { readonly type: 'leak' }
  /** Throws an uncaught exception. */
  | { readonly type: 'throw' }
  | { readonly type: 'exit'; readonly code: number }

/** Injects the fault into the current process or thread. */
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

/** Allocates objects: buffers are outside the limited heap. */
function leak(): never {
  const kept: unknown[] = []
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index })))
}
