import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/clock.js'
import type { BearerTokens, Openable } from './auth-rules.js'
import { Authenticator } from './authenticator.js'
import { Tokens, tokensIn } from './tokens.js'

const closes: (() => void)[] = []
let folder: string
let said: string[]

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'auth-'))
  said = []
})

afterEach(() => {
  for (const close of closes.splice(0)) close()
  rmSync(folder, { recursive: true })
})

async function opened(bearer: BearerTokens, open: readonly Openable[] = ['health']): Promise<Authenticator> {
  const tools = { clock: systemClock, say: (sentence: string) => said.push(sentence) }
  const authenticator = new Authenticator({ bearer, open }, tools)
  closes.push(() => authenticator.close())
  await authenticator.open()
  return authenticator
}

async function codeOf(authenticator: Authenticator, header: string | undefined): Promise<string> {
  return (await authenticator.check(header, 'request'))?.code ?? 'OK'
}

describe('bearer tokens', () => {
  it('are accepted when they are in the list, with the scheme in any case', async () => {
    const authenticator = await opened(['first', 'second=='])
    for (const header of ['Bearer first', 'bearer second==', 'BEARER  first']) {
      expect(await codeOf(authenticator, header)).toBe('OK')
    }
    for (const header of [undefined, '', 'first', 'Bearer', 'Bearer firs', 'Bearer first x', 'Basic first']) {
      expect(await codeOf(authenticator, header)).toBe('UNAUTHENTICATED')
    }
  })

  it('are not needed for what is open', async () => {
    const authenticator = await opened(['a'], ['health'])
    expect(await authenticator.check(undefined, 'health')).toBeNull()
    expect(await authenticator.check(undefined, 'reflection')).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('are never in a message', async () => {
    const authenticator = await opened(['secret-1'])
    const refusal = await authenticator.check('Bearer secret-2', 'request')
    expect(refusal).toMatchObject({ notRun: true, message: 'The token is not valid.' })
    expect(() => new Tokens(['good', 'sécret'], 'bearer')).toThrow(
      /^auth: token 2 of bearer has other letters/,
    )
    expect(() => new Tokens(['good', 'sécret'], 'bearer')).not.toThrow(/sécret|good/)
  })

  it('must not be empty, none, or more than 1000', () => {
    expect(() => new Tokens([''], 'bearer')).toThrow('token 1 of bearer is empty')
    expect(() => new Tokens([], 'bearer')).toThrow('bearer has no token')
    expect(() => new Tokens(Array.from({ length: 1001 }, String), 'bearer')).toThrow('more than 1000')
  })

  it('are separated by spaces, commas and lines in a text, with comments', () => {
    expect(tokensIn('# team a\na1, a2\r\n\n  # team b\nb1 b2\n')).toEqual(['a1', 'a2', 'b1', 'b2'])
  })
})

describe('a file of tokens', () => {
  it('is read again when it changes, also when it is replaced', async () => {
    const file = path.join(folder, 'tokens')
    writeFileSync(file, 'old\n')
    const authenticator = await opened({ file })
    expect(await codeOf(authenticator, 'Bearer old')).toBe('OK')
    writeFileSync(`${file}.new`, 'new\n')
    renameSync(`${file}.new`, file)
    await expect.poll(() => codeOf(authenticator, 'Bearer new')).toBe('OK')
    expect(await codeOf(authenticator, 'Bearer old')).toBe('UNAUTHENTICATED')
  })

  it('that becomes unusable leaves the tokens as they were, and says so once', async () => {
    const file = path.join(folder, 'tokens')
    writeFileSync(file, 'old\n')
    const authenticator = await opened({ file })
    writeFileSync(file, '# none\n')
    await expect.poll(() => said).toHaveLength(1)
    expect(said[0]).toContain('has no token')
    expect(await codeOf(authenticator, 'Bearer old')).toBe('OK')
    rmSync(file)
    await expect.poll(() => said).toHaveLength(2)
    expect(said[1]).toContain('cannot be read')
    expect(await codeOf(authenticator, 'Bearer old')).toBe('OK')
  })

  it('must exist', async () => {
    await expect(opened({ file: path.join(folder, 'none') })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('auth.bearer.file: '),
    })
  })
})

describe('an environment variable', () => {
  it('has the tokens, and must be set', async () => {
    await expect(opened({ env: 'MILLRACE_NO_TOKENS' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    process.env.MILLRACE_TEST_TOKENS = 'a,b'
    try {
      expect(await codeOf(await opened({ env: 'MILLRACE_TEST_TOKENS' }), 'Bearer b')).toBe('OK')
    } finally {
      delete process.env.MILLRACE_TEST_TOKENS
    }
  })
})

describe('a verify function', () => {
  async function verifying(body: string): Promise<Authenticator> {
    const file = path.join(folder, 'auth.mjs')
    writeFileSync(file, `export function check(token) { ${body} }`)
    return opened({ verify: `${file}#check` })
  }

  it('decides, at once or later; only true is a yes', async () => {
    const authenticator = await verifying(
      `return token === 'later' ? Promise.resolve(true) : token === 'now' ? true : token === 'truthy' ? 'yes' : false`,
    )
    for (const [token, code] of [
      ['now', 'OK'],
      ['later', 'OK'],
      ['truthy', 'UNAUTHENTICATED'],
      ['no', 'UNAUTHENTICATED'],
    ]) {
      expect(await codeOf(authenticator, `Bearer ${token}`)).toBe(code)
    }
  })

  it('that throws or rejects lets nobody in, and is reported once, to the log only', async () => {
    const authenticator = await verifying(
      `if (token === 'x') throw new Error('database down'); return Promise.reject(new Error('database down'))`,
    )
    for (const header of ['Bearer x', 'Bearer y']) {
      const refusal = await authenticator.check(header, 'request')
      expect(refusal).toMatchObject({ code: 'UNAVAILABLE', message: 'The token cannot be checked now.' })
    }
    expect(said).toEqual(['auth.bearer.verify failed: database down. Calls are refused while it fails.'])
  })

  it('that does not answer is not waited for longer than ten seconds', async () => {
    const file = path.join(folder, 'never.mjs')
    writeFileSync(file, 'export default () => new Promise(() => {})')
    let wake = (): void => {}
    const clock = { ...systemClock, after: (_ms: number, call: () => void) => ((wake = call), () => {}) }
    const authenticator = new Authenticator({ bearer: { verify: file }, open: [] }, { clock, say: () => {} })
    await authenticator.open()
    const answer = authenticator.check('Bearer x', 'request')
    wake()
    expect(await answer).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('must be exported', async () => {
    const file = path.join(folder, 'auth.mjs')
    writeFileSync(file, 'export const check = 5')
    await expect(opened({ verify: `${file}#check` })).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' })
  })
})
