import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { deferred } from '../../lib/deferred.js'
import type { Cluster } from './api/cluster.js'
import { FakeCluster } from './fake-cluster.suite.js'
import { nextChange } from './next-change.js'

let fake: FakeCluster
let cluster: Cluster
beforeEach(async () => {
  fake = await FakeCluster.start()
  cluster = await fake.connect()
})
afterEach(async () => {
  cluster.close()
  await fake.stop()
})

/** Answers lists of pods; resolves with the watch that follows, whose head is sent. */
function watchOfPods(): Promise<{ readonly query: URLSearchParams; readonly response: ServerResponse }> {
  const watch = deferred<{ readonly query: URLSearchParams; readonly response: ServerResponse }>()
  fake.logs.set('/api/v1/namespaces/shop/pods', (query, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    if (query.has('watch')) {
      response.flushHeaders()
      watch.resolve({ query, response })
    } else response.end(JSON.stringify({ metadata: { resourceVersion: '42' }, items: [] }))
  })
  return watch.promise
}

it('is told by a watch of the pods of Millrace, which begins at the call and ends with the first event', async () => {
  const watching = watchOfPods()
  const changed = nextChange(cluster, 'shop', new AbortController().signal)
  const { query, response } = await watching
  expect(query.get('labelSelector')).toBe('app.kubernetes.io/managed-by=millrace')
  expect(query.get('resourceVersion')).toBe('42')
  response.write('{"type":"MODIFIED","object":{}}\n')
  await changed
  await once(response, 'close')
})

it('ends without an event when the server ends the watch', async () => {
  const watching = watchOfPods()
  const changed = nextChange(cluster, 'shop', new AbortController().signal)
  ;(await watching).response.end()
  await changed
})

it('ends the watch with the signal', async () => {
  const watching = watchOfPods()
  const stopped = new AbortController()
  const changed = nextChange(cluster, 'shop', stopped.signal)
  const { response } = await watching
  stopped.abort()
  await expect(changed).rejects.toMatchObject({ name: 'AbortError' })
  await once(response, 'close')
})

it('says what the user may not do', async () => {
  fake.answer = () => ({ status: 403, body: { message: 'no', reason: 'Forbidden' } })
  await expect(nextChange(cluster, 'shop', new AbortController().signal)).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
})
