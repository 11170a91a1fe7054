import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { createOnce } from './create-once.js'

const prefix = '.millrace.stage-'

/**
 * Takes a shard's folder for one stage of the Flow that has locked it: what an index keeps belongs to one stage, also where
 * two of a Flow have the same WORKSPACE and NAME.
 *
 * @throws WORKSPACE_CONFLICT when another stage of the same Flow has it
 */
export function claimForStage(
  shard: string,
  { flow, stage }: { readonly flow: string; readonly stage: string },
): void {
  const own = prefix + createHash('sha256').update(flow).digest('hex').slice(0, 16)
  if (!createOnce(join(shard, own), stage)) {
    const other = readFileSync(join(shard, own), 'utf8')
    if (other !== stage) {
      throw new MillraceError(
        'WORKSPACE_CONFLICT',
        `${shard} is the workspace of stage '${other}', and stage '${stage}' would write to the same index. Give one of them another workspace, or another name: usesMetas: { name: '${stage}' }. If stage '${other}' is no more, remove ${join(shard, own)}.`,
      )
    }
  }
  // those of Flows that had it before
  for (const name of readdirSync(shard)) {
    if (name.startsWith(prefix) && name !== own) rmSync(join(shard, name), { force: true })
  }
}
