import { useEffect, useState } from 'preact/hooks'
import type { Served } from '../../control/controlled.js'
import { type EndpointForm, type Field, formsOf } from '../view/example.js'
import { ask, post } from './post.js'

/** Sends requests to the endpoints of the Flow. */
export function TryForm() {
  const [forms, setForms] = useState<readonly EndpointForm[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  const [endpoint, setEndpoint] = useState<string | null>(null)
  const load = async (): Promise<void> => {
    const answer = await ask('served')
    if (answer.kind === 'failed') return setProblem(answer.message)
    setProblem(null)
    setForms(formsOf(JSON.parse(answer.text) as Served))
  }
  useEffect(() => void load(), [])
  const form = forms.find((one) => one.endpoint === endpoint) ?? forms[0]
  return (
    <section aria-labelledby="try-title">
      <h2 id="try-title">Try an endpoint</h2>
      {problem !== null && <p class="problem">{problem}</p>}
      <p class="row">
        <label>
          Endpoint{' '}
          <select
            id="try-endpoint"
            value={form?.endpoint ?? ''}
            onChange={({ currentTarget }) => setEndpoint(currentTarget.value)}
          >
            {forms.map((one) => (
              <option value={one.endpoint}>{one.endpoint}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => void load()}>
          Read endpoints again
        </button>
      </p>
      {form !== undefined && <EndpointTry key={form.endpoint} form={form} />}
    </section>
  )
}

interface Outcome {
  readonly isBad: boolean
  readonly status: string
  readonly text: string
}

function EndpointTry({ form }: { readonly form: EndpointForm }) {
  const [documents, setDocuments] = useState(form.documents)
  const [parameters, setParameters] = useState(form.parameters)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const send = async (event: Event): Promise<void> => {
    event.preventDefault()
    const [docs, params] = [parsed(documents), parsed(parameters)]
    if (docs === undefined) return setOutcome(bad('The documents are not valid JSON.'))
    if (params === undefined) return setOutcome(bad('The parameters are not valid JSON.'))
    setOutcome({ isBad: false, status: 'Waiting …', text: '' })
    const began = performance.now()
    const { endpoint, isStream: stream } = form
    const answer = await post('call', { endpoint, documents: docs, parameters: params, stream })
    if (answer.kind === 'failed') return setOutcome(bad(answer.message, answer.stack))
    const status = `Answered in ${Math.round(performance.now() - began)} ms.`
    setOutcome({ isBad: false, status, text: indented(answer.text) })
  }
  return (
    <form class="try" onSubmit={(event) => void send(event)}>
      {form.fields.length > 0 && <Fields fields={form.fields} />}
      <label>
        {form.isStream ? 'Document, in JSON' : 'Documents, in JSON'}
        <textarea
          rows={6}
          spellcheck={false}
          value={documents}
          onInput={({ currentTarget }) => setDocuments(currentTarget.value)}
        />
      </label>
      <label>
        Parameters, in JSON
        <textarea
          rows={3}
          spellcheck={false}
          value={parameters}
          onInput={({ currentTarget }) => setParameters(currentTarget.value)}
        />
      </label>
      <p class="row">
        <button class="send">Send</button>
        <output id="try-status" class={outcome?.isBad === true ? 'wrong' : ''} aria-live="polite">
          {outcome?.status ?? ''}
        </output>
      </p>
      {outcome !== null && outcome.text !== '' && (
        <pre id="try-answer" tabIndex={0} role="group" aria-label="Answer">
          {outcome.text}
        </pre>
      )}
    </form>
  )
}

function Fields({ fields }: { readonly fields: readonly Field[] }) {
  return (
    <details>
      <summary>Fields</summary>
      <ul>
        {fields.map(({ of, name, type, isRequired, description }) => (
          <li>
            <code>{name}</code> of {of}: {type}
            {isRequired ? ', required' : ''}
            {description === '' ? '' : `. ${description}`}
          </li>
        ))}
      </ul>
    </details>
  )
}

function bad(status: string, text = ''): Outcome {
  return { isBad: true, status, text }
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As it is when a parser would change it: numbers beyond those of doubles. */
function indented(text: string): string {
  if (/\d{16}/.test(text)) return text
  return JSON.stringify(JSON.parse(text), null, 2)
}
