/** Endpoints that change state unless their Executor says otherwise. */
const writesByName: ReadonlySet<string> = new Set(['/index', '/update', '/delete'])

/** Whether an endpoint counts as a write unless its Executor says otherwise. */
export function isWriteByName(endpoint: string): boolean {
  return writesByName.has(endpoint)
}
