import { DataRequest, dial, startPod } from '../dist/internals.js'
import { podSuite, type PodsUnderTest } from '../src/pods/pod.suite.js'
import * as executors from './fixtures/pods/executors.mjs'
import { podSpec } from './fixtures/pods/pod-spec.mjs'

const built: PodsUnderTest = { startPod, dial, DataRequest, executors, podSpec }

const sameThread = 'it shares the thread that waits for it'
const sameProgram = 'it shares output, environment and fate with the program'
const ready = 'the class is given, nothing is loaded'

const alone = { 'cannot be made to fail when it is the program itself': 'it fails alone' }

podSuite('process', { ...built, unsupported: alone })
podSuite('thread', {
  ...built,
  unsupported: {
    ...alone,
    'says that it ran out of memory': 'its limit is that of the program: test/pods-alone.test.ts',
  },
})
podSuite('inline', {
  ...built,
  unsupported: {
    'ends in time although it is stuck in a loop': sameThread,
    'is given up when it is not ready in time, with a hint': sameThread,
    'is given up when the caller no longer wants it': sameThread,
    'does not start when it dies in the constructor, and shows what it printed': sameProgram,
    'answers an error of exitOnExceptions, then ends by itself with code 1': sameProgram,
    'is killed at once, which was not expected': sameThread,
    'exits, throws and holds its event loop when it is told to': sameProgram,
    'says that it ran out of memory': sameProgram,
    'says why it died': sameProgram,
    'dies of an uncaught error, which is reported': sameProgram,
    'hands on each line that it prints, with its name in front': sameProgram,
    'sees its own environment': sameProgram,
    'does not start when its options cannot be copied to where it runs': 'nothing is copied',
    'does not start when its module is missing': ready,
    'does not start when its module has no such class': ready,
  },
})
