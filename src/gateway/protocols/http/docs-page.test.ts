import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../errors.js'
import { docsPaths } from '../../docs-page.js'
import { defaultHttpRules } from '../../http-rules.js'
import { httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()

describe('the page at /docs', () => {
  it('is served with its files, under a policy that lets it load nothing from elsewhere', async () => {
    const { client } = await start()
    const types: unknown[] = []
    for (const path of docsPaths) {
      const { status, headers } = await client.get(path)
      expect(status).toBe(200)
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; /)
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers['x-content-type-options']).toBe('nosniff')
      types.push(headers['content-type']!.split(';')[0])
    }
    expect(types).toEqual(['text/html', 'text/css', 'text/javascript', 'text/javascript'])
  })

  it('has only links to itself and to /openapi.json, relative to where a proxy has it', async () => {
    const { client } = await start()
    const { text } = await client.get('/docs')
    const links = [...text.matchAll(/(?:href|src)="(.*?)"/g)].map(([, link]) => link!)
    const below = links
      .filter((link) => !link.startsWith('data:'))
      .map((link) => new URL(link, 'http://proxy/prefix/docs').pathname)
    expect(new Set(below)).toEqual(
      new Set(['/prefix/docs/page.css', '/prefix/docs/page.js', '/prefix/openapi.json']),
    )
    expect(text).not.toMatch(/ style=| on\w+=/)
  })

  it('needs a token like everything else, unless docs are open', async () => {
    for (const open of [false, true]) {
      const { client } = await start({
        callers: {
          check: (_, purpose) =>
            open && purpose === 'docs' ? null : new MillraceError('UNAUTHENTICATED', 'no token'),
          counter: () => null,
        },
      })
      for (const path of docsPaths) expect((await client.get(path)).status).toBe(open ? 200 : 401)
      expect((await client.get('/openapi.json')).status).toBe(401)
    }
  })

  it.each([{ docs: false }, { openapi: false }])('is not there with %j', async (rules) => {
    const { client } = await start({ http: { ...defaultHttpRules, ...rules } })
    for (const path of docsPaths) expect((await client.get(path)).status).toBe(404)
  })

  it('takes GET alone', async () => {
    const { client } = await start()
    const { status, headers } = await client.send({ path: '/docs' })
    expect([status, headers['allow']]).toEqual([405, 'GET'])
  })
})
