/** With `-PID.NN.sock` behind it and the longest folder before it, a path that every system takes. */
const longestName = 24

/** Names a Flow may have are free text; those of files here are not. */
const pattern = /^([\w-]+)-(\d+)(?:\.\d+)?\.sock$/

/** `NAME-PID.sock`; further Flows of one name in one program are `NAME-PID.2.sock`, and so on. */
export function socketName(name: string, pid: number, turn = 1): string {
  return `${plainName(name)}-${pid}${turn === 1 ? '' : `.${turn}`}.sock`
}

/** Null for a file that is no control socket. */
export function parseSocketName(file: string): { readonly name: string; readonly pid: number } | null {
  const [, name, pid] = pattern.exec(file) ?? []
  return name === undefined ? null : { name, pid: Number(pid) }
}

/** A Flow's name as it shows in the name of its socket. */
export function plainName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, longestName)
}
