import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MillraceError } from '../errors.js'
import { encodeMessage, grpcStatus } from './error-status.js'

test('a message of any characters stays below what peers take as headers', () => {
  const { code, message } = grpcStatus(new MillraceError('EXECUTOR_FAILED', '水'.repeat(2000)))
  expect(code).toBe(13)
  expect(message.length).toBeLessThanOrEqual(4096)
  expect(decodeURIComponent(message)).toMatch(/^水{400,}…$/)
})

test('printable ASCII is sent as it is, and everything else can be decoded', () => {
  expect(encodeMessage('no such thing: /a?b=[1]')).toBe('no such thing: /a?b=[1]')
  expect(encodeMessage(' 100 %\n ')).toBe('%20100 %25%0A%20')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(encodeMessage(text)).toMatch(/^([!-~]([ -~]*[!-~])?)?$/)
      expect(decodeURIComponent(encodeMessage(text))).toBe(text)
    }),
  )
})

test('a cut never goes through a character, and half a pair is replaced', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(4200), (text, plain) => {
      const message = encodeMessage('x'.repeat(plain) + text.repeat(200))
      expect(message.length).toBeLessThanOrEqual(4096 + 4)
      expect(() => decodeURIComponent(message)).not.toThrow()
    }),
  )
  expect(decodeURIComponent(encodeMessage('a\uD800b'))).toBe('a\uFFFDb')
})
