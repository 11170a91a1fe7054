import type { Pending } from './write-queue.js'
import type { Change, Outcome, Target } from './writes.js'

export type Work = (target: Target) => Promise<Outcome>

/** Work that wants the table for itself. */
interface Task {
  readonly kind: 'task'
  readonly run: Work
  /** Whether it only reads, so that what it did stands, whoever has the lock by then. */
  readonly isRead: boolean
}

/** What is asked of a writer. */
export type Write = Change | Task

/** Whether a run only reads. */
export const isRead = ([first]: readonly Pending<Write>[]): boolean =>
  first!.write.kind === 'task' && first!.write.isRead

const sharing: readonly string[] = ['index', 'update', 'delete']

/** Rows of one commit, about. */
const rowsAtOnce = 20_000

/** Neighbours that share a commit. */
export function runsOf(group: readonly Pending<Write>[]): Pending<Write>[][] {
  const runs: Pending<Write>[][] = []
  let rows = 0
  for (const pending of group) {
    const run = runs.at(-1)
    const { kind } = pending.write
    rows += rowsOf(pending.write)
    if (run?.[0]!.write.kind === kind && sharing.includes(kind) && rows <= rowsAtOnce) run.push(pending)
    else {
      runs.push([pending])
      rows = rowsOf(pending.write)
    }
  }
  return runs
}

function rowsOf(write: Write): number {
  if (write.kind === 'index') return write.rows.length
  return write.kind === 'update' ? write.documents.length : 0
}
