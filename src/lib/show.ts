/** Formats a value for a message: JSON, with NaN and infinities as they are; short, and never throws. */
export function show(value: unknown): string {
  if (typeof value === 'function')
    return `the ${/^class\b/.test(String(value)) ? 'class' : 'function'} ${value.name || '(anonymous)'}`
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'number')
    return String(value)
  try {
    const text = JSON.stringify(value, withoutNull) ?? String(value)
    return text.length > 80 ? `${text.slice(0, 77)}…` : text
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** JSON has null for these numbers. */
function withoutNull(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
