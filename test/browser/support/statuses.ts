import type { FlowStatus, PodStatus } from '../../../src/control/status.js'

/** A Flow that has run for a while: a graph, and a stage of 64 shards with three replicas each, some of which fail. */
export function largeStatus(): FlowStatus {
  const shards = Array.from({ length: 64 }, (_, shard) => {
    const name = `index/shard-${shard}`
    const pods = Array.from({ length: 3 }, (_, rep) => podOf(`${name}/rep-${rep}`, shard, rep))
    return { name, pods, ready: pods.filter(({ state }) => state === 'ready').length }
  })
  const pods = shards.flatMap((shard) => shard.pods)
  const idle = { waiting: 0, retries: 0, hedges: 0, refused: 0, backgroundRunning: 0, backgroundFailed: 0 }
  const encoder = (name: string): FlowStatus['stages'][number] => ({
    ...{ name, needs: ['gateway'], runtime: 'process', replicas: 2, ready: 2, degraded: null, ...idle },
    shards: [{ name, replicas: 2, ready: 2, asked: 0, failed: 0 }],
    pods: [podOf(`${name}/rep-0`, 2, 0), { ...podOf(`${name}/rep-1`, 4, 0), batches: [batches] }],
  })
  return {
    ...{ name: 'search', on: 'localhost', pid: 4711, port: 8080 },
    listeners: [{ protocols: ['grpc', 'http'], host: '0.0.0.0', port: 8080 }],
    stages: [
      encoder('text_encoder'),
      encoder('image_encoder'),
      {
        ...{ name: 'index', needs: ['text_encoder', 'image_encoder'], runtime: 'process', ...idle },
        ...{ replicas: pods.length, ready: shards.reduce((sum, { ready }) => sum + ready, 0) },
        degraded:
          'index/shard-9 has no restart left in its budget: index/shard-9/rep-0 was killed by SIGKILL.',
        ...{ waiting: 12, retries: 31, hedges: 4 },
        shards: shards.map(({ name, ready }, shard) => ({
          ...{ name, replicas: 3, ready, asked: 10_000 },
          failed: shard === 9 ? 2501 : shard % 13 === 0 ? 7 : 0,
        })),
        pods,
      },
      {
        ...{
          name: 'ranker',
          needs: ['index'],
          runtime: 'external',
          replicas: 1,
          ready: 1,
          degraded: null,
          ...idle,
        },
        shards: [{ name: 'ranker', replicas: 1, ready: 1, asked: 0, failed: 0 }],
        pods: [{ ...podOf('10.0.0.7:8080', 5, 0), pid: null }],
      },
    ],
  }
}

const batches = {
  endpoint: '/encode',
  size: 32,
  documents: { sum: 5200, bounds: [1, 2, 4, 8, 16, 32], counts: [12, 30, 41, 88, 120, 60, 0] },
  waitMs: { sum: 900, bounds: [1, 5, 10], counts: [200, 120, 31, 0] },
}

function podOf(name: string, shard: number, rep: number): PodStatus {
  const isDead = shard === 9 || (shard % 17 === 3 && rep === 1)
  const state = isDead
    ? 'backoff'
    : shard % 23 === 5 && rep === 2
      ? 'starting'
      : shard === 40 && rep === 0
        ? 'ejected'
        : 'ready'
  return {
    ...{
      name,
      pid: isDead ? null : 5000 + shard * 3 + rep,
      state,
      inFlight: isDead ? 0 : (shard * 7 + rep) % 5,
    },
    ...{ latencyMs: 3 + ((shard * 5 + rep) % 40), answered: 1000 + shard * 10, failed: isDead ? 3 : 0 },
    ...{ restarts: isDead ? 2 : 0, sinceMs: 61_000 },
    ...(isDead && {
      lastEnd: `${name} was killed by SIGKILL.\nIts last lines:\nError: out of memory\n    at search (index.js:3:7)`,
    }),
  }
}
