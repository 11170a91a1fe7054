import { MillraceError } from '../errors.js'
import { reasonOf } from '../lib/reason.js'

const maxBytes = 1024 * 1024
const timeoutMs = 30_000

/** Fetches a text by HTTP: at most 1 MiB, within 30 s. @throws BAD_YAML */
export async function fetchText(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new MillraceError('BAD_YAML', `the server answers ${response.status}`)
    return await bounded(response)
  } catch (cause) {
    const reason = reasonOf(cause)
    throw new MillraceError('BAD_YAML', `${url} cannot be read: ${reason}.`, { cause })
  }
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let text = ''
  let bytes = 0
  for await (const piece of response.body ?? []) {
    const part = piece as Uint8Array
    bytes += part.length
    if (bytes > maxBytes) throw new MillraceError('BAD_YAML', `it has more than ${maxBytes} bytes`)
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}
