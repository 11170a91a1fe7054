import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { DataRequest } from '../../../wire/data-request.js'

export interface TestAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly bytes: Buffer
}

export interface TestRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** An HTTP client on a connection of its own. */
export class HttpTestClient {
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(port: number) {
    this.#port = port
  }

  send({ method = 'POST', path = '/post', headers = {}, body }: TestRequest): Promise<TestAnswer> {
    return new Promise((resolve, reject) => {
      const { host, port } = { host: '127.0.0.1', port: this.#port }
      // Node sends no length with DELETE by itself
      const isSized = body !== undefined && headers['transfer-encoding'] === undefined
      const length = isSized ? { 'content-length': String(Buffer.byteLength(body)) } : {}
      const all = { ...headers, ...length }
      const sent = request({ host, port, method, path, headers: all, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('error', reject)
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          resolve({ status: response.statusCode!, headers: response.headers, text: bytes.toString(), bytes })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  get(path: string): Promise<TestAnswer> {
    return this.send({ method: 'GET', path })
  }

  postJson(
    body: unknown,
    path = '/post',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TestAnswer> {
    return this.send({
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  }

  /** Sends protobuf. Rejects when the request is refused, with the reason. */
  async sendData(data: DataRequest, headers: Readonly<Record<string, string>> = {}): Promise<DataRequest> {
    const answer = await this.send({
      headers: { 'content-type': 'application/x-protobuf', ...headers },
      body: Buffer.from(data.encode()),
    })
    if (answer.headers['content-type'] !== 'application/x-protobuf') throw new Error(answer.text)
    const decoded = DataRequest.decode(answer.bytes)
    if (answer.status !== 200) throw new Error(decoded.status?.description)
    return decoded
  }

  close(): void {
    this.#agent.destroy()
  }
}
