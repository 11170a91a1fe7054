import { expect, test } from 'vitest'
import { free } from './free.js'

test('memory is gone at once, and all views of it are empty', () => {
  const memory = new Uint8Array(Buffer.allocUnsafeSlow(1000).buffer)
  const view = memory.subarray(10)
  free(memory)
  expect([memory.length, view.length, memory.buffer.byteLength]).toEqual([0, 0, 0])
})
