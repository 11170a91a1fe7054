import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import type { RoutesContext } from 'millrace'
import { resultsPage } from './page.js'
import { recentSearches, withSearch } from './recent.js'

interface Search {
  readonly Querystring: { readonly text: string }
}

const cookieName = 'recent'

/** Of the query: Fastify refuses others with 400. */
const querystring = {
  type: 'object',
  properties: { text: { type: 'string', maxLength: 200, default: '' } },
} as const

/** Pages for people, at the port of the Flow: a form, the passages that were found, and the last searches of this browser. */
export async function routes(app: FastifyInstance, { client }: RoutesContext): Promise<void> {
  await app.register(cookie)

  app.get<Search>('/find', { schema: { querystring } }, async (request, reply) => {
    const text = request.query.text.trim()
    const recent = recentSearches(request.cookies[cookieName])
    void reply.type('text/html; charset=utf-8')
    void reply.header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    )
    if (text === '') return resultsPage({ text, recent, passages: [] })
    const searches = withSearch(recent, text)
    void reply.setCookie(cookieName, JSON.stringify(searches), {
      path: '/find',
      httpOnly: true,
      sameSite: 'lax',
    })
    const [query] = await client.for(request).post('/search', [{ text }], { parameters: { limit: 5 } })
    const passages = [...query!.matches].map(({ text: passage, tags }) => ({
      text: passage,
      page: String(tags['page']),
      heading: String(tags['heading']),
    }))
    return resultsPage({ text, recent: searches, passages })
  })
}
