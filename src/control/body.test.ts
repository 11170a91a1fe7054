import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { integerField, objectField, parseFields, readBody, textField } from './body.js'

describe('fields of a body', () => {
  it('are those of a JSON object', () => {
    const fields = parseFields('{"stage":"a","replicas":2,"usesWith":{"x":[1]}}', [
      'stage',
      'replicas',
      'usesWith',
    ])
    expect(textField(fields, 'stage')).toBe('a')
    expect(integerField(fields, 'replicas')).toBe(2)
    expect(objectField(fields, 'usesWith')).toEqual({ x: [1] })
  })

  it.each([
    ['', 'MALFORMED'],
    ['{', 'MALFORMED'],
    ['null', 'MALFORMED'],
    ['[]', 'MALFORMED'],
    ['"stage"', 'MALFORMED'],
    ['['.repeat(500_000), 'MALFORMED'],
    [`{"stage":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'MALFORMED'],
    ['{"__proto__":{"replicas":2}}', 'MALFORMED'],
    ['{"stage":{"a":[{"__proto__":{}}]}}', 'MALFORMED'],
    ['{"\\u005f_proto__":1}', 'MALFORMED'],
    ['{"constructor":1}', 'UNKNOWN_OPTION'],
    ['{"stag":"a"}', 'UNKNOWN_OPTION'],
  ])('of %.30s are refused', (text, code) => {
    expect(() => parseFields(text, ['stage', 'replicas'])).toThrow(expect.objectContaining({ code }))
    expect(({} as { replicas?: unknown }).replicas).toBeUndefined()
  })

  it('of another type, or missing, are refused', () => {
    const fields = parseFields('{"stage":"","replicas":"2","usesWith":[]}', [
      'stage',
      'replicas',
      'usesWith',
      'other',
    ])
    expect(() => textField(fields, 'stage')).toThrow('stage must be')
    expect(() => textField(fields, 'other')).toThrow('other must be')
    expect(() => integerField(fields, 'replicas')).toThrow('replicas must be')
    expect(() => objectField(fields, 'usesWith')).toThrow('usesWith must be')
  })
})

describe('a body', () => {
  const stream = (): Readable => Readable.from([Buffer.from('ab'), Buffer.from('cd')], { objectMode: false })

  it('is read whole, up to its limit', async () => {
    expect(await readBody(stream(), 4)).toBe('abcd')
    expect(await readBody(stream(), 3)).toBeNull()
  })
})
