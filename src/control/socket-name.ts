/** Maximum length, so that folder, name and `-PID.NN.sock` fit into the path limit of every system. */
const longestName = 24

/** Names of Flows are free text; file names are restricted. */
const pattern = /^([\w-]+)-(\d+)(?:\.\d+)?\.sock$/

/** `NAME-PID.sock`; further Flows of the same name in one program get `NAME-PID.2.sock`, and so on. */
export function socketName(name: string, pid: number, turn = 1): string {
  return `${plainName(name)}-${pid}${turn === 1 ? '' : `.${turn}`}.sock`
}

/** Null for a file that is not a control socket. */
export function parseSocketName(file: string): { readonly name: string; readonly pid: number } | null {
  const [, name, pid] = pattern.exec(file) ?? []
  return name === undefined ? null : { name, pid: Number(pid) }
}

/** A Flow's name as used in the name of its socket. */
export function plainName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, longestName)
}
