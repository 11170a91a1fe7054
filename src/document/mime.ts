/** Extensions that are also the name of their subtype. */
const subtypes = {
  application: 'json pdf rtf zip',
  audio: 'aac',
  image: 'bmp gif jpeg png tiff webp',
  text: 'css csv html xml',
  video: 'mp4 mpeg webm',
}

const others = {
  avi: 'video/x-msvideo',
  bin: 'application/octet-stream',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gz: 'application/gzip',
  htm: 'text/html',
  ico: 'image/vnd.microsoft.icon',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  md: 'text/markdown',
  mjs: 'text/javascript',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mpg: 'video/mpeg',
  ppt: 'application/vnd.ms-powerpoint',
  py: 'text/x-python',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  wav: 'audio/x-wav',
  xls: 'application/vnd.ms-excel',
}

const types: ReadonlyMap<string, string> = new Map([
  ...Object.entries(others),
  ...Object.entries(subtypes).flatMap(([type, names]) =>
    names.split(' ').map((name): [string, string] => [name, `${type}/${name}`]),
  ),
])

/** The MIME type of a path, URL or data URI; '' when it is unknown. */
export function guessMimeType(uri: string): string {
  if (uri === '') return ''
  const data = /^data:([^;,]*)/.exec(uri)
  if (data !== null) return data[1] || 'text/plain'
  const extension = /\.([A-Za-z0-9]+)(?:[?#].*)?$/.exec(uri)?.[1]?.toLowerCase() ?? ''
  return types.get(extension) ?? ''
}
