import { describe, expect, it } from 'vitest'
import type { ContainerState, Event, Pod } from './api/live.js'
import { creationComplaint, podComplaint } from './diagnosis.js'

const ever = Number.POSITIVE_INFINITY

interface Container {
  readonly state: ContainerState
  readonly lastState?: ContainerState
  readonly restartCount?: number
}

function podWith(container: Container): Pod {
  const status = { name: 'executor', ready: false, restartCount: 0, ...container }
  return { metadata: { name: 'encoder-1' }, status: { phase: 'Pending', containerStatuses: [status] } }
}

function warning(reason: string, message: string, more: Partial<Event> = {}): Event {
  const involvedObject = { kind: 'Pod', name: 'encoder-1' }
  return { metadata: { name: 'event' }, type: 'Warning', reason, message, involvedObject, ...more }
}

const unscheduled: Pod = {
  metadata: { name: 'encoder-1' },
  status: {
    phase: 'Pending',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: '0/1 nodes are available: 1 Insufficient cpu.',
      },
    ],
  },
}

const pullFailure = (count: number): Event =>
  warning('Failed', 'Failed to pull image "shop:9": rpc error: not found', { count })
const backOff: Container = { state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling' } } }
const crash = (exitCode: number, reason = 'Error'): ContainerState => ({ terminated: { exitCode, reason } })
const looping: ContainerState = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } }

describe('why a pod is not ready', () => {
  it.each<[string, Pod, readonly Event[], { sentence: string; patienceMs: number }]>([
    [
      'no node has room for it, which may change',
      unscheduled,
      [],
      { sentence: 'finds no node: 0/1 nodes are available: 1 Insufficient cpu', patienceMs: ever },
    ],
    [
      'its claim is not bound',
      unscheduled,
      [
        warning('ProvisioningFailed', 'storageclass "fast" not found', {
          involvedObject: { kind: 'PersistentVolumeClaim', name: 'workspace-encoder-0' },
        }),
      ],
      {
        sentence:
          'waits for its volume workspace-encoder-0: ProvisioningFailed: storageclass "fast" not found',
        patienceMs: ever,
      },
    ],
    [
      'its image was tried once',
      podWith(backOff),
      [pullFailure(1)],
      {
        sentence: 'cannot pull its image: Failed to pull image "shop:9": rpc error: not found',
        patienceMs: 90_000,
      },
    ],
    [
      'its image was tried three times, which is enough',
      podWith(backOff),
      [pullFailure(3)],
      {
        sentence:
          'cannot pull its image (tried 3 times): Failed to pull image "shop:9": rpc error: not found',
        patienceMs: 0,
      },
    ],
    [
      'its image has no proper name',
      podWith({ state: { waiting: { reason: 'InvalidImageName', message: 'couldn’t parse "Shop:"' } } }),
      [],
      { sentence: 'cannot use its image: couldn’t parse "Shop:"', patienceMs: 0 },
    ],
    [
      'a secret is missing',
      podWith({
        state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "keys" not found' } },
      }),
      [],
      {
        sentence: 'cannot start its container: CreateContainerConfigError: secret "keys" not found',
        patienceMs: 15_000,
      },
    ],
    [
      'it crashed and is about to run again',
      podWith({ state: looping, lastState: crash(3), restartCount: 1 }),
      [],
      { sentence: 'crashed once: exit code 3', patienceMs: ever },
    ],
    [
      'it crashes each time',
      podWith({ state: looping, lastState: crash(3), restartCount: 3 }),
      [],
      { sentence: 'crashed 3 times: exit code 3', patienceMs: 0 },
    ],
    [
      'it crashed often and runs at the moment',
      podWith({ state: { running: {} }, lastState: crash(3), restartCount: 3 }),
      [],
      { sentence: 'crashed 3 times: exit code 3', patienceMs: ever },
    ],
    [
      'it used too much memory',
      podWith({ state: crash(137, 'OOMKilled'), restartCount: 0 }),
      [],
      { sentence: 'crashed once: it used more memory than its limit (OOMKilled)', patienceMs: ever },
    ],
    [
      'its probe fails',
      podWith({ state: { running: {} } }),
      [
        warning('Unhealthy', 'Startup probe failed: service unhealthy (responded with "NOT_SERVING")', {
          count: 3,
        }),
      ],
      {
        sentence:
          'runs but is not ready: Startup probe failed: service unhealthy (responded with "NOT_SERVING")',
        patienceMs: ever,
      },
    ],
    [
      'its volume cannot be mounted',
      podWith({ state: { waiting: { reason: 'ContainerCreating' } } }),
      [warning('FailedMount', 'configmap "encoder-files" not found')],
      { sentence: 'is being prepared: FailedMount: configmap "encoder-files" not found', patienceMs: ever },
    ],
    [
      'it was evicted',
      {
        metadata: { name: 'encoder-1' },
        status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' },
      },
      [],
      { sentence: 'failed: Evicted: The node was low on memory', patienceMs: 15_000 },
    ],
  ])('%s', (_, pod, events, expected) => {
    expect(podComplaint(pod, events)).toMatchObject(expected)
  })

  it.each<[string, Pod, (readonly Event[])?]>([
    ['starts', podWith({ state: { running: {} } })],
    [
      'starts, and its probe has failed twice',
      podWith({ state: { running: {} } }),
      [warning('Unhealthy', 'no', { count: 2 })],
    ],
    [
      'is ready',
      { metadata: { name: 'encoder-1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    ],
    [
      'is on its way out',
      {
        ...podWith({ state: looping, restartCount: 9 }),
        metadata: { name: 'encoder-1', deletionTimestamp: '2026-11-25T00:00:00Z' },
      },
    ],
  ])('nothing is wrong with one that %s', (_, pod, events = []) => {
    expect(podComplaint(pod, events)).toBeNull()
  })
})

it('the last lines of one that crashed are those that its status has', () => {
  const died = { exitCode: 1, message: 'TypeError: no model\n    at Encoder\n' }
  expect(podComplaint(podWith({ state: looping, lastState: { terminated: died } }), [])?.crash).toEqual([
    'TypeError: no model',
    '    at Encoder',
  ])
})

it('pods that are not made: the quota is named as such', () => {
  const message = 'pods "encoder-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2'
  expect(creationComplaint({ message })).toEqual({
    sentence: `gets no pods: the quota of the namespace is used up: ${message}`,
    patienceMs: 15_000,
    crash: null,
  })
})
