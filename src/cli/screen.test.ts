import { EventEmitter } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { clip, openScreen, type ScreenStreams } from './screen.js'
import type { Terminal } from './terminal.js'
import { watch } from './watch.js'

/** A terminal of four lines of ten characters. */
function fakeTerminal() {
  let written = ''
  const keys = new EventEmitter()
  const modes: boolean[] = []
  const input = Object.assign(keys, {
    setRawMode: (raw: boolean) => modes.push(raw),
    setEncoding: () => input,
    resume: () => input,
    pause: () => input,
  })
  const output = { columns: 10, rows: 4, write: (text: string) => (written += text) }
  const streams = { input, output } as unknown as ScreenStreams
  return { streams, modes, press: (key: string) => keys.emit('data', key), written: () => written }
}

describe('a screen', () => {
  it.each([
    ['short', 'short'],
    ['exactly 10', 'exactly 10'],
    ['longer than that', 'longer tha\u001b[0m'],
    ['\u001b[31mred\u001b[39m and more', '\u001b[31mred\u001b[39m and mo\u001b[0m'],
  ])('clips %j to ten columns', (line, clipped) => {
    expect(clip(line, 10)).toBe(clipped)
  })

  it('draws in place, what fits, and restores the terminal', () => {
    const { streams, modes, written } = fakeTerminal()
    const screen = openScreen(streams, () => {})
    screen.draw('1\n2\n3\n4\n5')
    screen.close()
    expect(written()).toBe(
      '\u001b[?1049h\u001b[?25l\u001b[H1\u001b[K\r\n2\u001b[K\r\n3\u001b[K\r\n4\u001b[K\u001b[J\u001b[?25h\u001b[?1049l',
    )
    expect(modes).toEqual([true, false])
  })

  it.each(['q', '\u0003'])('is watched until the key %j', async (key) => {
    const { streams, press, written } = fakeTerminal()
    const terminal: Terminal = {
      out: vi.fn(),
      colour: false,
      openScreen: (onKey) => openScreen(streams, onKey),
    }
    let frames = 0
    const frame = async (): Promise<string> => {
      if (++frames === 3) press(key)
      else press('x')
      return `frame ${frames}`
    }
    await watch({ frame, intervalMs: 1, terminal })
    expect(written()).toContain('frame 2')
    expect(written()).not.toContain('frame 3')
    expect(written().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
    expect(terminal.out).not.toHaveBeenCalled()
  })
})
