/** A small file to write into a container. */
export interface ContainerFile {
  /** Relative to the target folder; missing folders are created. */
  readonly path: string
  readonly text: string
  /** Default 0o644. */
  readonly mode?: number
}

const blockBytes = 512
/** Length of ustar's `name` field. */
const longestName = 100

/** An archive with one folder entry: extracting it changes the owner of the folder and leaves its content unchanged. */
export function folderTar(
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Buffer {
  const entry = header({ name: `${path}/`, size: 0, mode: 0o755, type: '5', uid, gid })
  return Buffer.concat([entry, Buffer.alloc(2 * blockBytes)])
}

/** Files as a POSIX ustar archive for `putArchive`, owned by root. */
export function tarOf(files: readonly ContainerFile[]): Buffer {
  const parts = files.flatMap(({ path, text, mode = 0o644 }) => {
    const content = Buffer.from(text)
    const rest = (blockBytes - (content.length % blockBytes)) % blockBytes
    const entry = { name: path, size: content.length, mode, type: '0', uid: 0, gid: 0 }
    return [header(entry), content, Buffer.alloc(rest)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)])
}

interface Entry {
  readonly name: string
  readonly size: number
  readonly mode: number
  readonly type: string
  readonly uid: number
  readonly gid: number
}

function header({ name, size, mode, type, uid, gid }: Entry): Buffer {
  const bytes = Buffer.alloc(blockBytes)
  if (Buffer.byteLength(name) >= longestName)
    throw new RangeError(`The name of a file in an archive is too long: ${name}`)
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at)
  }
  bytes.write(name, 0)
  octal(mode, 100, 8)
  octal(uid, 108, 8)
  octal(gid, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  bytes.write('        0', 148)
  bytes.write(type, 156)
  bytes.write('ustar\x0000', 257)
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  bytes.write(' ', 155)
  return bytes
}
