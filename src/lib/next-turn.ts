/** Resolves in the next turn of the event loop: `setImmediate` in Node, a timer in a browser, which does not have it. */
export const nextTurn: () => Promise<void> =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () => new Promise((resolve) => setTimeout(resolve))
