/**
 * Content-Security-Policy of a page that loads its own files and asks its own server, and nothing else; nobody frames it. It has no
 * inline scripts and styles.
 */
export const pagePolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
