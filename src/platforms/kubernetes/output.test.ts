import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogQuestion } from '../../control/log-question.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { logsOf } from '../output/logs.js'
import { Cluster } from './api/cluster.js'
import { FakeCluster } from './fake-cluster.suite.js'
import { outputOf } from './output.js'

let fake: FakeCluster
let cluster: Cluster
let clock: HandClock
beforeEach(async () => {
  fake = await FakeCluster.start()
  cluster = await fake.connect()
  clock = new HandClock()
})
afterEach(async () => {
  cluster.close()
  await fake.stop()
})

const pods = '/api/v1/namespaces/shop/pods'

/** What a node has of a pod, and who reads it on. */
interface NodeLog {
  lines: string[]
  previous: string[] | null
  readonly queries: URLSearchParams[]
  readonly followers: Set<ServerResponse>
}

function addPod(name: string, component: string, restartCount = 0): NodeLog {
  const log: NodeLog = { lines: [], previous: null, queries: [], followers: new Set() }
  fake.put(`${pods}/${name}`, {
    kind: 'Pod',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/managed-by': 'millrace',
        'app.kubernetes.io/part-of': 'shop',
        'app.kubernetes.io/component': component,
        ...(component !== 'gateway' && { jina_deployment_name: 'indexer', shard_id: '1' }),
      },
    },
    spec: { containers: [{ name: 'proxy' }, { name: component }] },
    status: {
      containerStatuses: [
        { name: 'proxy', restartCount: 9, state: { waiting: {} } },
        { name: component, restartCount, state: { running: {} } },
      ],
    },
  })
  fake.logs.set(`${pods}/${name}/log`, (query, response) => {
    log.queries.push(query)
    const lines = query.has('previous') ? log.previous : log.lines
    if (lines === null) {
      response.writeHead(400).end('{"message":"previous terminated container not found"}')
      return
    }
    // the API rounds this time down to seconds
    const since = query.get('sinceTime')?.slice(0, 19) ?? ''
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders()
    for (const line of lines.filter((one) => one >= since)) response.write(`${line}\n`)
    if (!query.has('follow')) return void response.end()
    log.followers.add(response)
    response.once('close', () => log.followers.delete(response))
  })
  return log
}

function print(log: NodeLog, line: string): void {
  log.lines.push(line)
  for (const response of log.followers) response.write(`${line}\n`)
}

const plain: LogQuestion = {
  ...{ of: null, lines: null, follow: false, format: 'text', colour: false, time: false },
}

async function shown(question: Partial<LogQuestion> = {}): Promise<readonly string[]> {
  let text = ''
  const output = outputOf(cluster, 'shop', 'shop')
  for await (const piece of logsOf(output, { ...plain, ...question }, clock)) text += piece
  return text.split('\n').filter((line) => line !== '')
}

describe('the output of a Flow on Kubernetes', () => {
  it("is that of Millrace's containers in its pods, in the order of time, whatever the time zone of a node", async () => {
    const gateway = addPod('gateway-1', 'gateway')
    const indexer = addPod('indexer-1-0', 'executor')
    print(gateway, '2026-11-30T12:00:01.5Z shop@7[I]: one')
    print(indexer, '2026-11-30T13:00:01.25+01:00 indexer@7[W]: zero {"a":1}')
    expect(await shown()).toEqual(['indexer-1-0@7[W]: zero {"a":1}', 'gateway-1@7[I]: one'])
    expect(await shown({ of: 'gateway', time: true })).toEqual([
      '2026-11-30T12:00:01.500Z gateway-1@7[I]: one',
    ])
    expect(await shown({ of: 'indexer/shard-1' })).toEqual(await shown({ of: 'indexer-1-0' }))
    expect(Object.fromEntries(indexer.queries[0]!)).toEqual({
      ...{ timestamps: 'true', container: 'executor', tailLines: '1000' },
    })
  })

  it('has what a container printed before it was restarted', async () => {
    const log = addPod('indexer-1-0', 'executor', 2)
    log.previous = ['2026-11-30T12:00:00Z I give up']
    print(log, '2026-11-30T12:00:01Z back')
    expect(await shown()).toEqual(['indexer-1-0@1: I give up', 'indexer-1-0@1: back'])
    log.previous = null
    expect(await shown()).toEqual(['indexer-1-0@1: back'])
  })

  it('is nothing of pods that have not started or are gone, and fails where it may not be read', async () => {
    addPod('indexer-1-0', 'executor')
    for (const status of [400, 404]) {
      fake.logs.set(`${pods}/indexer-1-0/log`, (_, response) => response.writeHead(status).end('{}'))
      expect(await shown()).toEqual([])
    }
    const message = 'pods "indexer-1-0" is forbidden: User "ann" cannot get resource "pods/log"'
    fake.logs.set(`${pods}/indexer-1-0/log`, (_, response) =>
      response.writeHead(403).end(JSON.stringify({ message })),
    )
    await expect(shown()).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/cannot read the log of pod indexer-1-0: .*pods\/log/) as unknown,
    })
  })

  it('is followed across connections that close, without a line twice or a line less', async () => {
    const log = addPod('indexer-1-0', 'executor')
    print(log, '2026-11-30T12:00:01.1Z one')
    const lines: string[] = []
    const ended = (async () => {
      const output = outputOf(cluster, 'shop', 'shop')
      for await (const piece of logsOf(output, { ...plain, follow: true }, clock))
        lines.push(...piece.trimEnd().split('\n'))
    })()
    const patience = { timeout: 30_000 }
    await vi.waitFor(() => expect(log.followers.size).toBe(1), patience)
    print(log, '2026-11-30T12:00:01.2Z two')
    await vi.waitFor(() => expect(lines).toHaveLength(2), patience)
    for (const response of log.followers) response.destroy()
    log.followers.clear()
    print(log, '2026-11-30T12:00:01.3Z three')
    await vi.waitFor(() => {
      clock.move(2000)
      expect(lines).toHaveLength(3)
    }, patience)
    expect(lines.map((line) => line.split(': ')[1])).toEqual(['one', 'two', 'three'])
    expect(log.queries.at(-1)!.get('sinceTime')).toBe('2026-11-30T12:00:01.200000000Z')
    fake.objects.delete(`${pods}/indexer-1-0`)
    for (const response of log.followers) response.end()
    await vi.waitFor(() => {
      clock.move(2000)
      expect(clock.timers).toBe(0)
    }, patience)
    await ended
  })

  it('is no longer read when the reader goes', async () => {
    const log = addPod('indexer-1-0', 'executor')
    const lines = logsOf(outputOf(cluster, 'shop', 'shop'), { ...plain, follow: true }, clock)
    const next = lines.next()
    await vi.waitFor(() => expect(log.followers.size).toBe(1), { timeout: 30_000 })
    print(log, '2026-11-30T12:00:01Z one')
    expect((await next).value).toBe('indexer-1-0@1: one\n')
    await lines.return()
    await vi.waitFor(() => expect(log.followers.size).toBe(0), { timeout: 30_000 })
  })
})
