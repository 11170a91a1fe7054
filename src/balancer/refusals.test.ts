import { expect, test } from 'vitest'
import { noReplica } from './refusals.js'

test('the reason why there is no replica ends with one period', () => {
  const { message } = noReplica('exec', [], "stage 'exec' has used its 10 restarts.")
  expect(message).toBe("No replica can answer for exec: stage 'exec' has used its 10 restarts.")
  expect(noReplica('exec', ['a', 'b'], '').message).toMatch(/is connected: a, b\.$/)
})
