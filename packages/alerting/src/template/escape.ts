/** Escapers of Go's html/template and of the functions `html`, `js` and `urlquery`. */

const HTML: Readonly<Record<string, string>> = {
  '\0': '\uFFFD',
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '+': '&#43;',
  '<': '&lt;',
  '>': '&gt;',
};

/** Escapes text for HTML content and quoted attributes, as html/template does (`+` too). */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"&'+<>]/g, (char) => HTML[char] ?? char);
}

/** As `escapeHtml`, but leaves entities that are there. */
export function normalizeHtml(text: string): string {
  return text.replace(/[\0"'+<>]/g, (char) => HTML[char] ?? char);
}

/** Escapes for an attribute value without quotes. */
export function escapeHtmlUnquoted(text: string): string {
  return text.replace(/[\0-\x20"&'+<=>`]/g, (char) =>
    char === '\0' ? '&#xfffd;' : (HTML[char] ?? `&#${char.charCodeAt(0)};`),
  );
}

/** The `html` function of text/template: as `escapeHtml`, but `+` stays. */
export function htmlFunction(text: string): string {
  return text.replace(/[\0"&'<>]/g, (char) => HTML[char] ?? char);
}

/** Escapes for a query (`urlquery`): space becomes `+`. Half a character of UTF-16 becomes the replacement character. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'))
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

const encoder = new TextEncoder();

function percent(char: string): string {
  return [...encoder.encode(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Escapes everything in a URL part that is not unreserved. */
export function escapeUrl(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~]/gu, percent);
}

/** Makes a URL safe to stand in an attribute without changing what it means: reserved characters and escapes stay. */
export function normalizeUrl(text: string): string {
  return text.replace(/%(?![\da-fA-F]{2})|[^A-Za-z0-9\-._~!#$&*+,/:;=?@[\]%]/gu, percent);
}

/** A URL whose scheme could run a script is replaced by this. */
const UNSAFE_URL = '#ZgotmplZ';

/** Lets only URLs pass that are relative or http, https, mailto. */
export function filterUrl(text: string): string {
  const colon = text.indexOf(':');
  if (colon === -1 || text.slice(0, colon).includes('/')) return text;
  return /^(https?|mailto)$/i.test(text.slice(0, colon)) ? text : UNSAFE_URL;
}

/** Escapes for the inside of a JavaScript string. */
export function escapeJsString(text: string): string {
  return text.replace(/[\p{Cc}"'&+/<=>\\`\u2028\u2029]/gu, (char) => {
    if (char === '\\') return '\\\\';
    if (char === '/') return '\\/';
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '\t') return '\\t';
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The `js` function of text/template. */
export function jsFunction(text: string): string {
  return text.replace(/[\p{Cc}"'&<=>\\]/gu, (char) => {
    if (char === '\\') return '\\\\';
    if (char === "'" || char === '"') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** Lets only plain values pass into style sheets. */
export function filterCss(text: string): string {
  return /^[\w#%. -]*$/.test(text) && !/expression|moz-?binding/i.test(text) ? text : 'ZgotmplZ';
}

/** JSON as Go's encoder writes it into HTML-safe text: `<`, `>`, `&` and the line separators are escaped. */
export function escapeJson(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
