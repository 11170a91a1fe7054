import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

async function load(platform: string): Promise<typeof import('./text.js')> {
  if (platform === 'a browser') vi.stubGlobal('Buffer', undefined)
  return import('./text.js')
}

const wellFormed = fc.string({ unit: 'binary' })
const marked = wellFormed.map((text) => `\ufeff${text}`)

describe.each(['Node', 'a browser'])('texts in %s', (platform) => {
  it('come back as they were, a leading U+FEFF too', async () => {
    const { decodeText, encodeText, encodedLength } = await load(platform)
    fc.assert(
      fc.property(fc.oneof(wellFormed, marked), (text) => {
        const bytes = new Uint8Array(text.length * 3 + 5)
        const length = encodeText(text, bytes, 2)
        expect(encodedLength(text)).toBe(length)
        expect(decodeText(bytes, 2, 2 + length)).toBe(text)
      }),
    )
  })

  it('with half of a surrogate pair are known, and become U+FFFD', async () => {
    const { decodeText, encodeText, isWellFormed } = await load(platform)
    const bytes = new Uint8Array(32)
    expect(decodeText(bytes, 0, encodeText('a\ud800b', bytes, 0))).toBe('a\ufffdb')
    expect(isWellFormed('a\ud800b')).toBe(false)
    expect(isWellFormed('\udc00')).toBe(false)
    expect(isWellFormed('a🦉\ufeff')).toBe(true)
  })
})
