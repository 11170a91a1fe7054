import { expect, it } from 'vitest'
import type { PodSpec } from '../pod.js'
import { pythonEnvironment } from './environment.js'
import { jinaOptions } from './options.js'

const plain = {
  ...{ usesWith: {}, usesMetas: {}, usesRequests: {}, dynamicBatching: {}, exitOnExceptions: [] },
  ...{ shardId: 1, shards: 3, replicas: 2 },
}
const spec = (executor: object): PodSpec =>
  ({ name: 'exec/shard-1/rep-0', executor: { ...plain, ...executor } }) as unknown as PodSpec

it('Jina is told name, workspace and shard', () => {
  expect(jinaOptions(spec({}), '/work')).toEqual({
    ...{ name: 'exec/shard-1/rep-0', workspace: '/work', shard_id: 1, shards: 3, replicas: 2 },
  })
})

it('Jina is told what the stage sets, by its own names', () => {
  const given = {
    usesWith: { model: 'small' },
    usesMetas: { name: 'coder' },
    usesRequests: { '/x': 'encode' },
    dynamicBatching: { '/x': { size: 8, timeoutMs: 20 } },
    exitOnExceptions: ['OSError'],
    allowConcurrent: true,
  }
  expect(jinaOptions(spec(given), '/work')).toMatchObject({
    uses_with: { model: 'small' },
    uses_metas: { name: 'coder' },
    uses_requests: { '/x': 'encode' },
    uses_dynamic_batching: { '/x': { preferred_batch_size: 8, timeout: 20 } },
    exit_on_exceptions: ['OSError'],
    allow_concurrent: true,
  })
})

it('Jina sends no telemetry, unless the stage says otherwise', () => {
  expect(pythonEnvironment({ deployment: 'exec', env: {} })).toMatchObject({
    JINA_OPTOUT_TELEMETRY: '1',
    JINA_DEPLOYMENT_NAME: 'exec',
  })
  expect(pythonEnvironment({ deployment: 'exec', env: { JINA_OPTOUT_TELEMETRY: '' } })).toMatchObject({
    JINA_OPTOUT_TELEMETRY: '',
  })
})
