import { DataRequest, dial, startPod } from '../dist/parts.js'
import { podSuite, type PodsUnderTest } from '../src/pods/pod.suite.js'
import * as executors from './fixtures/pods/executors.mjs'
import { podSpec } from './fixtures/pods/pod-spec.mjs'

const built: PodsUnderTest = { startPod, dial, DataRequest, executors, podSpec }

const sameThread = 'it shares the thread that waits for it'
const sameProgram = 'it shares output, environment and fate with the program'
const ready = 'the class is given, nothing is loaded'

podSuite('process', built)
podSuite('thread', built)
podSuite('inline', {
  ...built,
  unsupported: {
    'ends in time although it is stuck in a loop': sameThread,
    'is given up when it is not ready in time, with a hint': sameThread,
    'is given up when the caller no longer wants it': sameThread,
    'does not start when it dies in the constructor, and shows what it printed': sameProgram,
    'says why it died': sameProgram,
    'dies of an error that nobody catches, which is told': sameProgram,
    'hands on each line that it prints, with its name in front': sameProgram,
    'sees its own environment': sameProgram,
    'does not start when its options cannot be copied to where it runs': 'nothing is copied',
    'does not start when its module is missing': ready,
    'does not start when its module has no such class': ready,
  },
})
