/** Describes a value in a message: `a string ('abc')`, `an array of 3`, `a Map`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `a string ('${value.length > 40 ? `${value.slice(0, 40)}…` : value}')`
    case 'number':
    case 'boolean':
    case 'bigint':
      return `a ${typeof value} (${value})`
    case 'undefined':
      return 'nothing'
    case 'function':
      return `a function (${value.name || 'anonymous'})`
    case 'symbol':
      return 'a symbol'
    default:
      return describeObject(value as object | null)
  }
}

function describeObject(value: object | null): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) {
    return `an array of ${value.length}`
  }
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an object of class ${name}`
    : 'a plain object'
}
