import path from 'node:path'
import { Flow } from 'millrace'
import { expect, it } from 'vitest'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

const fixtures = path.resolve(import.meta.dirname, '../fixtures')

it('a sharded stage with data is scaled by shard, and its claims are kept when the Flow is removed', async () => {
  const namespace = await Namespace.create()
  const names = async (kind: string): Promise<readonly string[]> =>
    (await namespace.kubectl('get', kind, '--output', 'name')).stdout.trim().split('\n')
  try {
    const flow = await new Flow({ name: 'shop', quiet: true, workspace: '/workspace' })
      .add({ name: 'keeper', uses: path.join(fixtures, 'concepts/executors.mjs#Keeper'), shards: 2 })
      .start({ ...onKubernetes(namespace), project: fixtures })
    expect(await flow.scale('keeper', { replicas: 2, shard: 1 })).toMatchObject({ from: 1, to: 2 })
    expect((await flow.status()).stages).toMatchObject([
      {
        name: 'keeper',
        replicas: 3,
        ready: 3,
        degraded: null,
        shards: [
          { name: 'keeper/shard-0', replicas: 1, ready: 1 },
          { name: 'keeper/shard-1', replicas: 2, ready: 2 },
        ],
      },
    ])
    await flow.close({ remove: true })
    expect(await names('statefulsets,pods,services')).toEqual([''])
    expect(await names('persistentvolumeclaims')).toEqual([
      'persistentvolumeclaim/workspace-keeper-0-0',
      'persistentvolumeclaim/workspace-keeper-1-0',
      'persistentvolumeclaim/workspace-keeper-1-1',
    ])
  } finally {
    await namespace.remove()
  }
})
