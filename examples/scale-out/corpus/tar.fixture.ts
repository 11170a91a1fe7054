/** A tar archive for tests: files by name, or entries of another type without content. */
export function tar(entries: Record<string, string | Buffer | { readonly type: string }>): Buffer {
  const blocks = Object.entries(entries).flatMap(([name, entry]) => {
    const isFile = typeof entry === 'string' || Buffer.isBuffer(entry)
    const content = isFile ? Buffer.from(entry) : Buffer.alloc(0)
    const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512)
    content.copy(padded)
    return [header(name, content.length, isFile ? '0' : entry.type), padded]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0, 100)
  block.write('0000644\0', 100)
  block.write(`${size.toString(8).padStart(11, '0')} `, 124)
  block.write('        ', 148)
  block.write(type, 156)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
