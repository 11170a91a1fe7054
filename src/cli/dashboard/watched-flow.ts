import { Client } from '../../client/client.js'
import type { FlowControl } from '../../control/client.js'
import { connect } from '../../control/connect.js'
import type { FlowStatus } from '../../control/status.js'
import { tryCall } from '../../dashboard/try-call.js'
import type { Watched } from '../../dashboard/watched.js'
import { MillraceError } from '../../errors.js'
import type { Running } from '../../flow/launch.js'
import { type AttachOptions, logsOnPlatform, observeOnPlatform } from '../../platforms/index.js'
import type { ObservedFlow } from '../../platforms/platform.js'
import type { ClientTls } from '../../tls/client-tls.js'
import { askFlows, noFlows } from '../ask-flows.js'
import { addressIn } from '../gateway-address.js'
import { given } from '../option-values.js'

/** What requests of the page need. */
export interface Credentials {
  readonly token: string | undefined
  readonly tls: ClientTls
}

/** A Flow of this machine, found anew for each question, so that the page goes on when its program starts again. */
export function flowHere(which: string | undefined, { token, tls }: Credentials): Watched {
  const ask = async <T>(question: (control: FlowControl) => Promise<T>): Promise<T> =>
    question(await connect(which))
  return {
    status: () => ask((control) => control.status()),
    changed: () => ask((control) => control.changed()),
    served: () => ask((control) => control.served()),
    scale: (stage, request) => ask((control) => control.scale(stage, request)),
    lines: (question) => ask((control) => linesOf(control.logs(question))),
    async call(tried) {
      const host = addressIn(await ask((control) => control.status()))
      const credentials = given({ token, tls: Object.keys(tls).length > 0 ? tls : undefined })
      await using client = new Client({ host, ...credentials })
      return await tryCall(client, tried)
    },
  }
}

/** A Flow on a platform, found once; what changes it attaches to it for that moment, as `millrace scale` does. */
export function flowThere(asked: AttachOptions, { token, tls }: Credentials): Watched {
  let where = asked
  let observing: Promise<ObservedFlow> | null = null
  const find = async (): Promise<ObservedFlow> => {
    // an attachment does not look in all namespaces
    where = only(asked, await theFlow(asked))
    return observeOnPlatform(where)
  }
  const found = (): Promise<ObservedFlow> =>
    (observing ??= find().catch((error: unknown) => {
      observing = null
      throw error
    }))
  const reached = (): AttachOptions => ({
    ...where,
    ...given({ token, tls: Object.keys(tls).length > 0 ? tls : undefined }),
  })
  return {
    status: async () => (await found()).status(),
    changed: async (signal) => (await found()).changed(signal),
    served: () => attached(reached(), (running) => running.describe()),
    scale: (stage, request) => attached(where, (running) => running.scale(stage, request)),
    lines: (question) => linesOf(logsOnPlatform(where, question)),
    call: (tried) => attached(reached(), ({ client }) => tryCall(client, tried)),
  }
}

/** @throws NOT_FOUND, INVALID_OPTION when there are several */
async function theFlow(where: AttachOptions): Promise<FlowStatus> {
  const [first, ...more] = await askFlows(where, undefined)
  if (first === undefined) throw new MillraceError('NOT_FOUND', noFlows(where))
  if (first.state === 'failed') throw new MillraceError('UNAVAILABLE', first.reason)
  if (more.length > 0) throw new MillraceError('INVALID_OPTION', several(where))
  return first.status
}

function only(where: AttachOptions, { name, namespace }: FlowStatus): AttachOptions {
  if (where.on === 'docker') return { ...where, name }
  return { ...where, ...given({ namespace }) }
}

async function linesOf(pieces: AsyncIterable<string>): Promise<readonly string[]> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text.split('\n').filter((line) => line !== '')
}

async function attached<T>(where: AttachOptions, work: (running: Running) => Promise<T>): Promise<T> {
  // imported on demand: with a Flow of this machine it is not needed
  const { attach } = await import('../../flow/launch.js')
  const { running } = await attach(where)
  try {
    return await work(running)
  } finally {
    await running.close({})
  }
}

function several({ on }: AttachOptions): string {
  const choice = on === 'docker' ? '--flow NAME' : '--namespace NAME'
  return `Several Flows run there. Say which with ${choice}.`
}
