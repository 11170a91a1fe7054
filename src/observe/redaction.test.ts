import { expect, it } from 'vitest'
import { createLogger } from './logger.js'
import { redactionOf } from './redaction.js'

/** The text and the JSON line of one entry. */
function logged(message: string, fields: object, redact: readonly string[] = []): readonly string[] {
  return (['line', 'json'] as const).map((format) => {
    const lines: string[] = []
    const rules = { level: null, format: null, redact }
    createLogger('a', { rules, format, colour: false, write: (line) => lines.push(line) }).info(
      message,
      fields,
    )
    return lines[0]!
  })
}

it.each([
  [{ authorization: 's3cret' }],
  [{ headers: { Cookie: 's3cret', 'Set-Cookie': ['s3cret'] } }],
  [{ list: [{ deep: { api_key: 's3cret' } }] }],
  [{ apiKey: 's3cret', 'x-api-key': { value: 's3cret' } }],
  [{ password: 's3cret', accessToken: 's3cret' }],
  [{ error: Object.assign(new Error('x'), { config: { headers: { Authorization: "s3cret 'a' \\" } } }) }],
  [{ error: Object.assign(new Error('x'), { response: { 'set-cookie': ['s3cret', 's3cret'] } }) }],
  [{ error: new Error('x', { cause: { token: 's3cret' } }) }],
])('fields with the names of secrets are redacted at any depth: %j', (fields) => {
  for (const line of logged('x', fields)) expect(line).not.toContain('s3cret')
})

it('what only resembles a secret stays', () => {
  const fields = { tokens: 512, cookies: 2, passwords: ['a'], author: 'b', session: 'c', token: null }
  for (const line of logged('x', fields)) expect(line).toContain(JSON.stringify(fields).slice(1, -1))
})

it('paths name fields by their last keys, with * for any one', () => {
  const fields = {
    user: { email: 's3cret', name: 'Ada' },
    list: [{ user: { email: 's3cret' } }],
    email: 'open',
  }
  for (const line of logged('x', fields, ['user.email'])) {
    expect(line).not.toContain('s3cret')
    expect(line).toContain('"name":"Ada"')
    expect(line).toContain('"email":"open"')
  }
  for (const line of logged('x', { headers: { a: 's3cret' }, other: 'open' }, ['headers.*'])) {
    expect(line).toContain('"headers":{"a":"[redacted]"}')
    expect(line).toContain('"other":"open"')
  }
})

it('a path does not hide what an entry says about itself', () => {
  const [, json = ''] = logged('kept', { name: 's3cret' }, ['name', 'message', 'level'])
  expect(JSON.parse(json)).toMatchObject({ name: 'a', message: 'kept', level: 'info' })
  expect(json).not.toContain('s3cret')
})

it.each([
  ['authorization: Bearer s3cret-0', 'authorization: Bearer [redacted]'],
  ['Basic dXNlcjpzM2NyZXQ=', 'Basic [redacted]'],
  [
    'basic usage of bearer tokens, bearer authentication',
    'basic usage of bearer tokens, bearer authentication',
  ],
])('credentials in running text are redacted, and words about them are not: %s', (text, expected) => {
  expect(redactionOf([]).text(text)).toBe(expected)
})
