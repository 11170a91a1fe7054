import type { ClientInit, endpointTypes, Infer, SchemaInput, TypeOptions } from '../document/typed/index.js'
import type { BaseClient, BaseClientOptions } from './base-client.js'
import type { PostOptions, SendOptions, StreamOptions } from './options.js'
import type { Response } from './response.js'

/** What a client knows of an endpoint, as plain data; `millrace types` writes it. */
export interface CallTypes {
  readonly input?: unknown
  readonly output?: unknown
  readonly parameters?: unknown
}

/** A document of an endpoint whose output is not typed, with its fields and tags by their names. */
export interface PlainDocument {
  readonly id: string
  readonly [field: string]: unknown
}

type PlainInput = Readonly<Record<string, unknown>> | string

/** By endpoint, from `typeof flow` or from what `millrace types` has written. */
type CallsOf<F> = F extends { readonly [endpointTypes]?: infer Types }
  ? NonNullable<Types> extends { readonly endpoints: infer Endpoints }
    ? { readonly [K in keyof Endpoints]: CallOf<Endpoints[K]> }
    : never
  : F

interface CallOf<Entry> {
  readonly input: Entry extends { readonly input: infer I extends NonNullable<TypeOptions['input']> }
    ? ClientInit<I>
    : PlainInput
  readonly output: Entry extends { readonly output: infer O extends NonNullable<TypeOptions['output']> }
    ? Infer<O>
    : PlainDocument
  readonly parameters: Entry extends {
    readonly parameters: infer P extends NonNullable<TypeOptions['parameters']>
  }
    ? SchemaInput<P>
    : Parameters
}

type Parameters = Readonly<Record<string, unknown>>

/** If a stage does not declare its endpoints, the Flow may serve any others too: then every name is accepted. */
type Others<F> = F extends { readonly [endpointTypes]?: infer Types }
  ? NonNullable<Types> extends { readonly open: false }
    ? never
    : string & Record<never, never>
  : never

export type EndpointOf<F> = (keyof CallsOf<F> & string) | Others<F>

type Of<F, On, Key extends keyof CallTypes, Otherwise> = On extends keyof CallsOf<F>
  ? CallsOf<F>[On] extends { readonly [K in Key]: infer Value }
    ? Value
    : Otherwise
  : Otherwise

type InputOf<F, On> = Of<F, On, 'input', PlainInput>
type OutputOf<F, On> = Of<F, On, 'output', PlainDocument>
type ParametersOf<F, On> = Of<F, On, 'parameters', Parameters>

type InputsOf<T> = ReadyInputs<T> | (() => ReadyInputs<T> | Promise<ReadyInputs<T>>)
type ReadyInputs<T> = T | Iterable<T> | AsyncIterable<T> | null | undefined

/** `Options` with these parameters, which must be given if some of them must. */
type WithParameters<Options, P> = Omit<Options, 'parameters'> &
  (NeedsParameters<P> extends true ? { readonly parameters: P } : { readonly parameters?: P })
type NeedsParameters<P> = Record<never, never> extends P ? false : true

type Callback<D> = (response: TypedResponse<D>) => unknown
type CallOptions<F, On> = WithParameters<
  Omit<PostOptions, 'returnResponses' | 'onDone' | 'onError' | 'onAlways'>,
  ParametersOf<F, On>
>

/** With which `post` resolves with responses, nothing, documents. */
interface ResponseOptions<D> {
  readonly returnResponses: true
  readonly onError?: Callback<D>
}
type CallbackOptions<D> = { readonly returnResponses?: boolean; readonly onError?: Callback<D> } & (
  | { readonly onDone: Callback<D>; readonly onAlways?: Callback<D> }
  | { readonly onDone?: Callback<D>; readonly onAlways: Callback<D> }
)
interface DocumentOptions<D> {
  readonly returnResponses?: false
  readonly onError?: Callback<D>
}

/** The last argument of a call, which parameters that must be given make necessary. */
type Arguments<Input, Options, P> =
  NeedsParameters<P> extends true ? [inputs: Input, options: Options] : [inputs?: Input, options?: Options]

/** A `Response` with typed documents. */
export type TypedResponse<D> = Omit<Response, 'docs'> & { readonly docs: D[] }

/** Options of a client that is typed. */
export type TypedOptions<Options extends BaseClientOptions> = Options & {
  /** Documents are plain objects with the fields of their types, both ways. */
  readonly typed: true
}

/**
 * A client that knows the endpoints of a Flow, and the types of their documents and parameters. `F` is `typeof flow`, or what
 * `millrace types` has written. Documents are plain objects with fields by their names.
 */
export interface TypedClient<F> extends Pick<BaseClient, 'isReady' | 'close'> {
  /** As `post` of an untyped client, with its responses. */
  post<On extends EndpointOf<F>>(
    on: On,
    inputs: InputsOf<InputOf<F, On>>,
    options: CallOptions<F, On> & ResponseOptions<OutputOf<F, On>>,
  ): Promise<TypedResponse<OutputOf<F, On>>[]>
  /** With callbacks; resolves with nothing. */
  post<On extends EndpointOf<F>>(
    on: On,
    inputs: InputsOf<InputOf<F, On>>,
    options: CallOptions<F, On> & CallbackOptions<OutputOf<F, On>>,
  ): Promise<undefined>
  /** Resolves with the documents of all answers. */
  post<On extends EndpointOf<F>>(
    on: On,
    ...rest: Arguments<
      InputsOf<InputOf<F, On>>,
      CallOptions<F, On> & DocumentOptions<OutputOf<F, On>>,
      ParametersOf<F, On>
    >
  ): Promise<OutputOf<F, On>[]>

  /** As `stream` of an untyped client. */
  stream<On extends EndpointOf<F>>(
    on: On,
    ...rest: Arguments<
      InputsOf<InputOf<F, On>>,
      WithParameters<StreamOptions, ParametersOf<F, On>>,
      ParametersOf<F, On>
    >
  ): AsyncIterable<TypedResponse<OutputOf<F, On>>>

  /** As `streamDoc` of an untyped client. */
  streamDoc<On extends EndpointOf<F>>(
    on: On,
    document: InputOf<F, On>,
    ...rest: NeedsParameters<ParametersOf<F, On>> extends true
      ? [options: WithParameters<SendOptions, ParametersOf<F, On>>]
      : [options?: WithParameters<SendOptions, ParametersOf<F, On>>]
  ): AsyncIterable<OutputOf<F, On>>

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}
