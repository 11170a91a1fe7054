import { Client, MillraceError } from './millrace-client.js'

const box = document.querySelector('#query')
const status = document.querySelector('#status')
const results = document.querySelector('#results')

const { host } = await (await fetch('flow.json')).json()
const client = new Client({ host })

/** The search in flight: a newer one cancels it, in the Flow too. */
let latest = new AbortController()

document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())
box.addEventListener('input', () => void search())
// a link to a search, and what was typed while the page was loading
box.value ||= new URLSearchParams(location.search).get('q') ?? ''
void search()

async function search() {
  latest.abort()
  const text = box.value.trim()
  if (text === '') return show([], '')
  const { signal } = (latest = new AbortController())
  const began = performance.now()
  try {
    const [response] = await client.post('/search', text, {
      parameters: { limit: 8 },
      returnResponses: true,
      timeoutMs: 5_000,
      signal,
    })
    if (signal.aborted) return
    const { ok, total } = response.shards
    const took = `${Math.max(1, Math.round(performance.now() - began))} ms`
    const { matches } = response.docs.at(0)
    show(matches, `${matches.length} results from ${ok} of ${total} shards in ${took}`)
  } catch (error) {
    if (!MillraceError.is(error)) throw error
    if (error.code === 'CANCELLED') return
    show([], `${error.code}: ${error.message}`)
    status.classList.add('failed')
  }
}

function show(matches, line) {
  status.textContent = line
  status.classList.remove('failed')
  results.replaceChildren(...Array.from(matches, itemOf))
}

function itemOf({ text, tags, scores }) {
  const item = document.createElement('li')
  const heading = element('h2', tags.heading)
  // the index tells the cosine distance
  const source = element('p', `docs/${tags.page} · similarity ${(1 - scores.cosine.value).toFixed(2)}`)
  source.className = 'source'
  const passage = document.createElement('p')
  passage.append(...marked(text))
  item.append(heading, source, passage)
  return item
}

function element(name, text) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

/** The text in pieces, with `<mark>` around words that begin with a word of the query, unless that is very short. */
function marked(text) {
  const words = box.value.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []
  return text
    .split(/([\p{L}\p{N}]+)/u)
    .map((piece) =>
      words.some((word) => piece.toLowerCase().startsWith(word)) ? element('mark', piece) : piece,
    )
}
