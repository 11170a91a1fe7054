// What the page at /docs makes of an operation of an OpenAPI document. No DOM, so that Node can test it.

/** Follows a `$ref` within the document. */
export function resolve(api, given) {
  if (given?.$ref === undefined) return given
  return given.$ref
    .slice(2)
    .split('/')
    .reduce((found, key) => found[key], api)
}

/** The first example of a schema: its own, or that of its parts, with the defaults of its members. */
export function exampleOf(api, schema) {
  const { examples, allOf = [], properties = {} } = resolve(api, schema)
  if (examples !== undefined) return examples[0]
  const own = Object.fromEntries(
    Object.entries(properties).flatMap(([key, { default: preset }]) =>
      preset === undefined ? [] : [[key, preset]],
    ),
  )
  return Object.assign(own, ...allOf.map((part) => exampleOf(api, part)))
}

/** The arguments of `fetch`. Empty fields are left out. The URL is relative to the page, which may be below a proxy's prefix. */
export function toRequest({ method, path }, { values, body, accept }) {
  const given = values.filter(([, value]) => value !== '')
  const of = (place) =>
    given.filter(([parameter]) => parameter.in === place).map(([{ name }, value]) => [name, value])
  const query = new URLSearchParams(of('query')).toString()
  return {
    url: `.${path}${query === '' ? '' : `?${query}`}`,
    options: {
      method: method.toUpperCase(),
      headers: {
        accept,
        ...(body !== null && { 'content-type': 'application/json' }),
        ...Object.fromEntries(of('header')),
      },
      ...(body !== null && { body }),
    },
  }
}

/** The same request for curl, in a POSIX shell; the token, if one is needed, is a variable. */
export function commandOf(url, { method, headers, body }, hasToken) {
  const usual = body === undefined ? 'GET' : 'POST'
  const lines = [
    `curl ${quoted(String(url))}`,
    ...(method === usual ? [] : [`-X ${method}`]),
    ...(hasToken ? ['-H "authorization: Bearer $TOKEN"'] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
  ]
  return lines.join(' \\\n  ')
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
