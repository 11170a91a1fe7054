type Fields = readonly (readonly [parameter: { readonly name: string; readonly in: string }, value: string])[]

interface RequestOptions {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export function resolve(api: object, given: object): object
export function exampleOf(api: object, schema: object): unknown
export function toRequest(
  operation: { readonly method: string; readonly path: string },
  filledIn: { readonly values: Fields; readonly body: string | null; readonly accept: string },
): { readonly url: string; readonly options: RequestOptions }
export function commandOf(url: string | URL, options: RequestOptions, hasToken: boolean): string
