import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'millrace'
import { expect, it } from 'vitest'

/** The built example, because pods cannot load TypeScript. `npm test` builds it first. */
const main = path.resolve(import.meta.dirname, '../../build/examples/own-routes/main.js')

it('serves its page beside the endpoints of the Flow', async () => {
  const example = spawn(process.execPath, [main, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(example, 'exit')
  try {
    const lines = createInterface({ input: example.stdout })[Symbol.asyncIterator]()
    const url = /Open (\S+)\/find/.exec((await lines.next()).value as string)![1]!
    const form = await fetch(`${url}/find`)
    expect([form.status, form.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(form.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await form.text()).not.toContain('<ol>')

    const found = await fetch(`${url}/find?text=${encodeURIComponent('bearer <b>token')}`)
    const page = await found.text()
    expect(page.match(/<li>/g)).toHaveLength(5)
    expect(page).toMatch(/token/i)
    expect(page).toContain('value="bearer &lt;b&gt;token"')
    const [cookie] = found.headers.getSetCookie()
    expect(cookie).toContain('HttpOnly')

    const again = await fetch(`${url}/find`, { headers: { cookie: cookie!.split(';')[0]! } })
    expect(await again.text()).toContain('Searched before: <a href="/find?text=bearer%20%3Cb%3Etoken">')
    const forged = await fetch(`${url}/find`, { headers: { cookie: 'recent=%7B' } })
    expect(forged.status).toBe(200)
    expect((await fetch(`${url}/find?text=${'a'.repeat(201)}`)).status).toBe(400)

    await using client = new Client({ host: url })
    const [query] = await client.post('/search', 'bearer token', { parameters: { limit: 3 } })
    expect(query!.matches).toHaveLength(3)
  } finally {
    example.kill('SIGINT')
    await ended
  }
}, 120_000)
