import { expect, test } from 'vitest'
import { nobody } from './refusals.js'

test('the reason why nobody is there ends with one period', () => {
  const { message } = nobody('exec', [], "stage 'exec' has used its 10 restarts.")
  expect(message).toBe("Nobody is there to answer for exec: stage 'exec' has used its 10 restarts.")
  expect(nobody('exec', ['a', 'b'], '').message).toMatch(/is connected: a, b\.$/)
})
