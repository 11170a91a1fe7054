/** What the server answered, or why it did not. */
export type Answer =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string }

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
    return response.ok ? { kind: 'done', text } : { kind: 'failed', message: refusalIn(text) }
  } catch (error) {
    return { kind: 'failed', message: `The dashboard does not answer: ${String(error)}` }
  }
}

function refusalIn(text: string): string {
  try {
    const { code, message } = JSON.parse(text) as { readonly code: string; readonly message: string }
    return `${code}: ${message}`
  } catch {
    return text
  }
}
