import { expect, test } from 'vitest'
import { offProcess, onProcess } from './process-events.js'

test('many listeners are one of the process, which goes with the last of them', () => {
  const before = process.listenerCount('SIGTERM')
  const heard: number[] = []
  const listeners = Array.from({ length: 20 }, (_, index) => () => void heard.push(index))
  for (const listener of listeners) onProcess('SIGTERM', listener)
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  offProcess('SIGTERM', listeners[3]!)
  offProcess('SIGTERM', () => {})
  process.listeners('SIGTERM').at(-1)!('SIGTERM')
  expect(heard).toEqual(listeners.map((_, index) => index).filter((index) => index !== 3))
  for (const listener of listeners) offProcess('SIGTERM', listener)
  expect(process.listenerCount('SIGTERM')).toBe(before)
})
