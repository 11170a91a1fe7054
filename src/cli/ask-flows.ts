import { controlAt, type FlowControl } from '../control/client.js'
import { connect, listed } from '../control/connect.js'
import { listFlows } from '../control/sockets.js'
import { MillraceError } from '../errors.js'
import { type AttachOptions, listOnPlatform } from '../platforms/index.js'
import type { Asked } from './render-flows.js'

interface Candidate {
  readonly label: string
  readonly control: FlowControl
}

/**
 * Asks Flows for their status: those of this user on this machine, or those on a platform.
 *
 * @param which only this one, as `connect` finds it
 */
export async function askFlows(
  where: AttachOptions | null,
  which: string | undefined,
): Promise<readonly Asked[]> {
  if (where === null) return Promise.all((await candidates(which)).map(ask))
  return (await listOnPlatform(where)).map((status) => ({ state: 'answered', status }))
}

/** What to say when there is none. */
export function noFlows(where: AttachOptions | null): string {
  switch (where?.on) {
    case undefined:
      return 'No Flow of this user runs on this machine.'
    case 'docker':
      return 'No Flow runs on this Docker engine.'
    case 'kubernetes': {
      const { namespace } = where
      return namespace ? `No Flow runs in namespace '${namespace}'.` : 'No Flow runs in this cluster.'
    }
  }
}

async function candidates(which: string | undefined): Promise<readonly Candidate[]> {
  if (which !== undefined) return [{ label: which, control: await connect(which) }]
  return (await listFlows()).map((flow) => ({ label: listed([flow]), control: controlAt(flow.path) }))
}

async function ask({ label, control }: Candidate): Promise<Asked> {
  try {
    return { state: 'answered', status: await control.status() }
  } catch (error) {
    return { state: 'failed', label, reason: MillraceError.from(error).message }
  }
}
