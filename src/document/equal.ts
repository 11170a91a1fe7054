/** Deep equality of values of tags or filters; null equals undefined. */
export function equal(left: unknown, right: unknown): boolean {
  if (left === right || (left ?? right ?? undefined) === undefined) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  const keys = Object.keys(left)
  if (Array.isArray(left) !== Array.isArray(right) || keys.length !== Object.keys(right).length) return false
  const other = right as Record<string, unknown>
  return keys.every(
    (key) => Object.hasOwn(right, key) && equal((left as Record<string, unknown>)[key], other[key]),
  )
}
