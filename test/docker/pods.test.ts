import { expect, inject, test } from 'vitest'
import { DataRequest, dial, startPod } from '../../dist/internals.js'
import type { PodSpec } from '../../src/pods/pod.js'
import { type PodSpecParts, podSuite } from '../../src/pods/pod.suite.js'
import { podSpec } from '../fixtures/pods/pod-spec.mjs'

const alone = 'it fails alone'

podSuite('docker', {
  startPod,
  dial,
  DataRequest,
  executors: {},
  podSpec: containerSpec,
  unsupported: {
    'cannot be made to fail when it is the program itself': alone,
    'profiles its thread': 'Node of another container cannot write a file here',
  },
})

test('a pod in a container says what to profile instead', async () => {
  const signal = new AbortController().signal
  const pod = await startPod('docker', containerSpec('Talker'), { signal, onLine: () => {} })
  try {
    await expect(pod.profile({ kind: 'cpu', seconds: 1, file: '/x' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('Run its Executor as a process') as unknown,
    })
  } finally {
    await pod.stop({ graceMs: 0 })
  }
})

/** The image has the Executors of the suite in /app/pods. */
function containerSpec(className: string | null, parts: PodSpecParts = {}): PodSpec {
  const spec = podSpec(className, { ...parts, container: container(parts) })
  const module = className === null ? null : (parts.executor?.module ?? 'file:///app/pods/executors.mjs')
  return { ...spec, executor: { ...spec.executor, module } }
}

function container({ executor }: PodSpecParts): PodSpec['container'] {
  const { diary } = (executor?.usesWith ?? {}) as { readonly diary?: string }
  return {
    image: inject('projectImage'),
    flow: 'suite',
    // the test reads it
    volumes: diary === undefined ? [] : [{ source: folderOf(diary), target: folderOf(diary) }],
    gpus: null,
    resources: {},
    envFromSecret: {},
    graceMs: 30_000,
    maxMessageBytes: 2 ** 28,
    requestLimits: {
      parameterBytes: 2 ** 22,
      parameterValues: 65_536,
      parameterDepth: 64,
      documents: 500_000,
    },
  }
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'))
}
