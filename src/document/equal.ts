/** Whether two values of tags or filters are the same, objects and lists by what is in them; null is the same as nothing. */
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
