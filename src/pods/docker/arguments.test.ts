import { describe, expect, test } from 'vitest'
import type { ImageFacts } from '../../docker-engine/image.js'
import type { PodContainer, PodSpec } from '../pod.js'
import { invocationOf } from './arguments.js'

const container = { graceMs: 5000, maxMessageBytes: 1000 } as PodContainer

function specOf(executor: Partial<PodSpec['executor']> = {}): PodSpec {
  const nothing = { usesWith: {}, usesMetas: {}, usesRequests: {} }
  return {
    name: 'indexer/shard-1/rep-0',
    deployment: 'indexer',
    executor: {
      ...nothing,
      module: null,
      className: null,
      shardId: 1,
      shards: 2,
      capacity: 7,
      maxConcurrency: null,
      exitOnExceptions: [],
      ...executor,
    },
  } as unknown as PodSpec
}

function started(entrypoint: readonly string[], command: readonly string[], spec = specOf()) {
  const image = { entrypoint, command } as ImageFacts
  return invocationOf(image, { spec, container, workspace: '/workspace' })
}

const jina = ['--name', 'indexer/shard-1/rep-0', '--port', '8080']
const place = ['--shard-id', '1', '--shards', '2', '--workspace', '/workspace']

describe('what an image is started with', () => {
  test('an entry point of Jina is told what differs, by its own names', () => {
    const dynamicBatching = { '/x': { size: 8, timeoutMs: 5 } }
    const spec = specOf({
      ...{ usesWith: { model: 'x' }, exitOnExceptions: ['A', 'B'] },
      ...{ allowConcurrent: true, dynamicBatching },
    })
    const batching = ['--uses-dynamic-batching', '{"/x":{"preferred_batch_size":8,"timeout":5}}']
    expect(started(['jina', 'executor', '--uses', 'config.yml'], [], spec)).toEqual({
      entrypoint: null,
      command: [
        ...jina,
        '--exit-on-exceptions',
        'A',
        'B',
        '--allow-concurrent',
        ...place,
        '--uses-with',
        '{"model":"x"}',
        ...batching,
      ],
      program: 'jina',
    })
  })

  test('what stands behind the entry point stays, and what differs is last', () => {
    const { command, program } = started(
      ['/app/node_modules/.bin/millrace'],
      ['executor', '--uses', 'config.yml', '--port', '80'],
    )
    expect(program).toBe('millrace')
    expect(command?.slice(0, 5)).toEqual(['executor', '--uses', 'config.yml', '--port', '80'])
    expect(command?.slice(5, 9)).toEqual(['--name', 'indexer', '--port', '8080'])
    expect(command).toEqual(
      expect.arrayContaining(['--grace-ms', '5000', '--queue', '{"perReplica":7}', ...place]),
    )
  })

  test('the program alone is told all', () => {
    expect(started(['jina'], []).command).toEqual(['executor', '--uses', 'config.yml', ...jina, ...place])
  })

  test('any other program is left as it is', () => {
    expect(started(['docker-entrypoint.sh'], ['node', 'server.js'])).toEqual({
      entrypoint: null,
      command: null,
      program: null,
    })
  })
})
