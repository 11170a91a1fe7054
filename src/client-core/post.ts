import { DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Logger } from '../observe/logger.js'
import { errorFromStatus } from '../wire/error-status.js'
import type { Conversation } from './conversation.js'
import type { PostOptions, ResponseCallback } from './options.js'
import { type ReadDocuments, Response } from './response.js'
import { reasonOf } from '../lib/reason.js'

/** A running progress bar. */
export interface Bar {
  step(): void
  /** Draws the final state. Only the first call counts. */
  end(how: 'done' | 'failed'): void
}

/** Draws a progress bar; `total` is the number of steps, undefined when it is not known. */
export type StartBar = (options: { readonly total: number | undefined }) => Bar

export interface PostPlan {
  readonly on: string
  readonly options: PostOptions
  readonly logger: Logger
  readonly startBar: StartBar
  readonly read: ReadDocuments | undefined
}

type Result = DocumentArray | Response[] | undefined

/** Reads every answer of a conversation, calls the callbacks and collects the result. Callback order: jina.md 1.7. */
export async function post(starting: Promise<Conversation>, plan: PostPlan): Promise<Result> {
  const { options } = plan
  const talk = await starting
  const bar = options.showProgress === true ? plan.startBar({ total: talk.total }) : undefined
  const collect = collector(options, plan.read)
  try {
    for (;;) {
      const answer = await talk.next()
      if (answer === undefined) break
      const response = new Response(answer, plan.read)
      await settle(response, plan)
      collect.add(response)
      bar?.step()
    }
    bar?.end('done')
    return collect.result
  } finally {
    talk.close()
    bar?.end('failed')
  }
}

async function settle(response: Response, plan: PostPlan): Promise<void> {
  const { onDone, onError, onAlways, continueOnError = false } = plan.options
  const failed = response.status.code === 'ERROR'
  if (!failed) {
    if (onDone !== undefined) await call('onDone', onDone, response, plan)
  } else if (onError !== undefined) {
    await call('onError', onError, response, plan)
  } else {
    const error = failure(response, plan.on)
    if (!continueOnError) throw error
    plan.logger.error(error.message, { requestId: response.requestId })
  }
  if (onAlways !== undefined) await call('onAlways', onAlways, response, plan)
}

async function call(
  name: string,
  callback: ResponseCallback,
  response: Response,
  plan: PostPlan,
): Promise<void> {
  try {
    await callback(response)
  } catch (cause) {
    const said = reasonOf(cause)
    const error = new MillraceError('CALLBACK_FAILED', `${name} threw: ${said}`, {
      cause,
      where: { endpoint: plan.on },
    })
    if (plan.options.continueOnError !== true) throw error
    plan.logger.error(error.message, { requestId: response.requestId })
  }
}

function failure(response: Response, endpoint: string): MillraceError {
  const route = response.routes.find(({ status }) => status?.code === 'ERROR')
  return errorFromStatus(
    response.status,
    route === undefined ? { endpoint } : { deployment: route.executor, endpoint },
  )
}

function collector(
  options: PostOptions,
  read: ReadDocuments | undefined,
): { add(response: Response): void; readonly result: Result } {
  if (options.onDone !== undefined || options.onAlways !== undefined) return { add() {}, result: undefined }
  if (options.returnResponses === true) {
    const responses: Response[] = []
    return { add: (response) => void responses.push(response), result: responses }
  }
  const documents = read?.(new DocumentArray()) ?? new DocumentArray()
  return {
    add(response) {
      if (response.status.code === 'ERROR') return
      // a typed client's documents are a list of plain objects; and in pages all Documents are made anyway
      if (typeof globalThis.Buffer !== 'function' || read !== undefined)
        for (const document of response.docs) documents.push(document)
      else documents.extend(response.docs)
    },
    result: documents,
  }
}
