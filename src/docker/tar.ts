/** A small file to be put into a container. */
export interface ContainerFile {
  /** Relative to the folder that it is put into; folders on its way are made. */
  readonly path: string
  readonly text: string
  /** Default 0o644. */
  readonly mode?: number
}

const blockBytes = 512
/** That of the field `name` of ustar. */
const longestName = 100

/** Files as an archive (POSIX ustar), for `putArchive`. All belong to root. */
export function tarOf(files: readonly ContainerFile[]): Buffer {
  const parts = files.flatMap(({ path, text, mode = 0o644 }) => {
    const content = Buffer.from(text)
    const rest = (blockBytes - (content.length % blockBytes)) % blockBytes
    return [header(path, content.length, mode), content, Buffer.alloc(rest)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)])
}

function header(name: string, size: number, mode: number): Buffer {
  const bytes = Buffer.alloc(blockBytes)
  if (Buffer.byteLength(name) >= longestName)
    throw new RangeError(`The name of a file in an archive is too long: ${name}`)
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at)
  }
  bytes.write(name, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  bytes.write('        0', 148)
  bytes.write('ustar\x0000', 257)
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  bytes.write(' ', 155)
  return bytes
}
