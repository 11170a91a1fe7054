import type { IncomingMessage } from 'node:http'
import { readText } from '../../discovery/kubernetes/http.js'
import { readLines } from '../../observe/lines.js'
import type { FlowOutput, OutputSource, SourceQuestion } from '../output/source.js'
import type { Cluster } from './api/cluster.js'
import type { Pod } from './api/live.js'
import { list, objectPath } from './api/objects.js'
import { refusal } from './api/refusal.js'
import { labels, selectorOf } from './objects-of.js'

/** Milliseconds after which a silent answer counts as lost; one that follows is asked for again then. */
const silentMs = { once: 20_000, following: 600_000 }

/** Names of the containers that run Millrace; others are what a cluster adds to pods. */
const ownContainers: readonly string[] = ['executor', 'gateway']

/** The output of a Flow's pods, of which a node keeps the running container and the one before. */
export function outputOf(cluster: Cluster, namespace: string, flow: string): FlowOutput {
  return {
    async sources() {
      const pods = await list<Pod>(cluster, 'Pod', { namespace, labels: selectorOf(flow) })
      return pods.map((pod) => sourceOf(cluster, namespace, pod))
    },
    close: () => cluster.close(),
  }
}

function sourceOf(cluster: Cluster, namespace: string, pod: Pod): OutputSource {
  const { name, labels: own = {} } = pod.metadata
  const { containers = [] } = pod.spec ?? {}
  const container = (containers.find((one) => ownContainers.includes(one.name)) ?? containers[0])?.name
  const status = pod.status?.containerStatuses?.find((one) => one.name === container)
  const ask = async (
    question: SourceQuestion,
    onLine: (line: string) => void,
    isPrevious: boolean,
  ): Promise<void> => {
    const path = `${objectPath({ kind: 'Pod', namespace, name })}/log?${queryOf(question, container, isPrevious)}`
    await readLog(cluster, { path, name, isPrevious, ...question }, onLine)
  }
  return {
    name,
    stage: own[labels.component] === 'gateway' ? null : (own[labels.stage] ?? ''),
    shard: Number(own[labels.shard] ?? 0),
    isRunning: status?.state?.running !== undefined,
    async read(question, onLine) {
      // why it was restarted
      if (!question.follow && status !== undefined && status.restartCount > 0)
        await ask(question, onLine, true)
      await ask(question, onLine, false)
    },
  }
}

function queryOf(
  { tail, since, follow }: SourceQuestion,
  container: string | undefined,
  isPrevious: boolean,
): string {
  const query = new URLSearchParams({ timestamps: 'true' })
  if (container !== undefined) query.set('container', container)
  if (tail !== null) query.set('tailLines', String(tail))
  if (since !== null) query.set('sinceTime', `${since}Z`)
  if (follow) query.set('follow', 'true')
  if (isPrevious) query.set('previous', 'true')
  return String(query)
}

interface LogRequest extends SourceQuestion {
  readonly path: string
  /** Of the pod. */
  readonly name: string
  readonly isPrevious: boolean
}

async function readLog(
  cluster: Cluster,
  { path, name, isPrevious, follow, signal }: LogRequest,
  onLine: (line: string) => void,
): Promise<void> {
  if (signal.aborted) return
  let response: IncomingMessage
  try {
    response = await cluster.open(path, signal)
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  const { statusCode: status = 0 } = response
  if (status === 200) return allLines(response, follow ? silentMs.following : silentMs.once, onLine)
  const body = parsed(await readText(response, silentMs.once))
  // 400: it has not started, or there is no earlier one; 404: the pod is gone
  if (status === 400 || status === 404 || isPrevious) return
  throw refusal({ status, body }, `read the log of pod ${name}`, cluster.label)
}

/** Resolves when the answer has ended, in whatever way. */
async function allLines(
  response: IncomingMessage,
  patienceMs: number,
  onLine: (line: string) => void,
): Promise<void> {
  response.setTimeout(patienceMs, () => response.destroy())
  response.on('error', () => {}) // 'close' follows
  const closed = new Promise<void>((resolve) => {
    response.once('close', resolve)
  })
  await Promise.race([readLines(response, onLine), closed])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
