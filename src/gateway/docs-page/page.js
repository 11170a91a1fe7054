// The page at /docs: shows the operations of openapi.json, and sends requests. Loaded as it is, without a build.
import { commandOf, exampleOf, resolve, toRequest } from './operation.js'

const byId = (id) => document.getElementById(id)

/** Only in memory: a page that is loaded again asks again. */
let token = ''

byId('token').addEventListener('submit', (event) => {
  event.preventDefault()
  token = byId('token-text').value.trim()
  void load()
})

await load()

async function load() {
  byId('token-state').textContent = ''
  try {
    const response = await fetch('openapi.json', { headers: authorization() })
    if (response.status === 401) return askForToken()
    if (!response.ok) throw new Error(`openapi.json: ${response.status} ${response.statusText}`)
    show(await response.json())
  } catch (error) {
    say(`${error.message} Load this page again when the Flow is ready.`)
  }
}

function authorization() {
  return token === '' ? {} : { authorization: `Bearer ${token}` }
}

function askForToken() {
  byId('token').hidden = false
  byId('token-text').focus()
  if (token !== '') byId('token-state').textContent = 'The token is not valid.'
  say('This Flow needs a token.')
}

function say(sentence) {
  byId('operations').replaceChildren(element('p', { id: 'state' }, sentence))
}

function show(api) {
  document.title = api.info.title
  byId('title').textContent = api.info.title
  byId('description').textContent = api.info.description
  byId('version').textContent = `Millrace ${api.info.version}`
  byId('token').hidden = api.components.securitySchemes === undefined
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
  )
  byId('operations').replaceChildren(
    ...api.tags.flatMap(({ name, description }) => {
      const tagged = operations.filter(({ tags }) => tags.includes(name))
      if (tagged.length === 0) return []
      return [
        element('h2', {}, `${name} `, element('small', {}, description)),
        ...tagged.map((operation) => operationView(api, operation)),
      ]
    }),
    element('h2', {}, 'Schemas'),
    ...Object.entries(api.components.schemas).map(([name, schema]) =>
      details(element('code', {}, name), () => [json(schema)]),
    ),
  )
}

function operationView(api, operation) {
  const { method, path, summary } = operation
  const title = [
    element('span', { class: `method ${method}` }, method.toUpperCase()),
    element('code', {}, decodeURI(path)),
    element('span', { class: 'quiet' }, summary === decodeURI(path) ? '' : summary),
  ]
  return details(title, () => [
    ...(operation.description === undefined ? [] : [element('p', {}, operation.description)]),
    formOf(api, operation),
    details('Answers', () => [answersOf(api, operation)]),
  ])
}

/** A `<details>` whose content is made when it is opened. */
function details(title, content) {
  const view = element('details', { class: 'operation' }, element('summary', {}, ...[title].flat()))
  view.addEventListener('toggle', () => view.append(element('div', {}, ...content())), { once: true })
  return view
}

function formOf(api, operation) {
  const parameters = (operation.parameters ?? []).map((one) => resolve(api, one))
  const fields = parameters.map((parameter) => fieldOf(parameter))
  const body = bodyField(api, operation)
  const accept = element(
    'select',
    { 'aria-label': 'accept' },
    ...acceptable(api, operation).map((type) => element('option', {}, type)),
  )
  const output = element('div', { 'aria-live': 'polite' })
  const stop = element('button', { type: 'button', hidden: '' }, 'Stop')
  const form = element(
    'form',
    {},
    ...(body === null ? [] : [body.view]),
    ...fields.map(({ view }) => view),
    element('p', {}, element('button', { class: 'send' }, 'Send'), stop, 'accept', accept),
    output,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const values = fields.map(({ parameter, input }) => [parameter, input.value])
    const request = toRequest(operation, { values, body: body?.input.value ?? null, accept: accept.value })
    void send(request, { output, stop })
  })
  return form
}

function fieldOf(parameter) {
  const { name, description } = parameter
  const input = element('input', { name, autocomplete: 'off', 'aria-label': name })
  const view = element('div', { class: 'field' }, element('code', {}, name), input)
  if (description !== undefined) view.append(element('span', { class: 'quiet' }, description))
  return { parameter, input, view }
}

function bodyField(api, { requestBody }) {
  if (requestBody === undefined) return null
  const example = exampleOf(api, requestBody.content['application/json'].schema)
  const input = element('textarea', { rows: '8', spellcheck: 'false', 'aria-label': 'body' })
  input.value = JSON.stringify(example, null, 2)
  return { input, view: element('div', {}, element('span', { class: 'quiet' }, 'Body, JSON'), input) }
}

/** Types of answers that a person can read. */
function acceptable(api, { responses }) {
  const { content = {} } = resolve(api, responses['200'])
  return Object.keys(content).filter((type) => type !== 'application/x-protobuf')
}

function answersOf(api, { responses }) {
  const rows = Object.entries(responses).map(([status, response]) =>
    element(
      'tr',
      {},
      element('td', {}, element('code', {}, status)),
      element('td', {}, resolve(api, response).description),
    ),
  )
  return element('table', {}, element('tbody', {}, ...rows))
}

async function send({ url, options }, { output, stop }) {
  const abort = new AbortController()
  const status = element('p', { class: 'status' }, 'Waiting …')
  const text = element('pre', { class: 'answer' })
  const command = details('As a command', () => [
    element('pre', {}, commandOf(new URL(url, document.baseURI), options, token !== '')),
  ])
  output.replaceChildren(status, text, command)
  stop.hidden = false
  stop.onclick = () => abort.abort()
  const began = performance.now()
  try {
    const headers = { ...options.headers, ...authorization() }
    const response = await fetch(url, { ...options, headers, signal: abort.signal })
    const outcome = response.headers.get('millrace-status')
    const isFailed = outcome !== null && outcome !== 'OK'
    status.textContent = `${response.status} ${response.statusText}${isFailed ? ` · ${outcome}` : ''}`
    status.classList.toggle('wrong', !response.ok || isFailed)
    await showBody(response, text)
    status.textContent += ` · ${Math.round(performance.now() - began)} ms`
  } catch (error) {
    status.classList.add('wrong')
    status.textContent = abort.signal.aborted ? 'Stopped.' : `${error.message}`
  } finally {
    stop.hidden = true
  }
}

/** JSON with indentation; a stream as it comes. */
async function showBody(response, view) {
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) view.append(read.value)
    return
  }
  const text = await response.text()
  try {
    view.textContent = JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    view.textContent = text
  }
}

function json(value) {
  return element('pre', {}, JSON.stringify(value, null, 2))
}

/** An element; strings become text, never markup. */
function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}
