/** What the server answered, or why it did not. */
export type Answer =
  | { readonly kind: 'done'; readonly text: string }
  /** `stack`: of an Executor that failed; else empty. */
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string }

/** Sends a command as JSON. Never rejects. */
export function post(command: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  return ask(command, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Asks for something. Never rejects. */
export async function ask(path: string, options: RequestInit = {}): Promise<Answer> {
  try {
    const response = await fetch(path, options)
    const text = await response.text()
    return response.ok ? { kind: 'done', text } : refusalIn(text)
  } catch (error) {
    return failed(`The dashboard does not answer: ${String(error)}`)
  }
}

function refusalIn(text: string): Answer {
  try {
    const { code, message, stack } = JSON.parse(text) as Record<'code' | 'message' | 'stack', string>
    return failed(`${code}: ${message}`, stack)
  } catch {
    return failed(text) // a sentence
  }
}

function failed(message: string, stack = ''): Answer {
  return { kind: 'failed', message, stack }
}
