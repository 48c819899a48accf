import {
  escapeHtml,
  escapeHtmlUnquoted,
  escapeJson,
  escapeJsString,
  escapeUrl,
  filterCss,
  filterUrl,
  normalizeHtml,
  normalizeUrl,
} from './escape.ts';
import { toJson } from './json.ts';
import { printValue, SafeText, type Value } from './value.ts';

/** Where output goes while a template is carried out. */
export interface Writer {
  /** Text of the template itself. */
  literal(text: string): void;
  /** A value; `escapedBy` names the function at the end of its pipeline, when there is one. */
  value(value: Value, escapedBy: string | undefined): void;
  readonly length: number;
  toString(): string;
}

/** Writes values as they are. */
export class TextWriter implements Writer {
  #out = '';

  literal(text: string): void {
    this.#out += text;
  }

  value(value: Value): void {
    this.#out += value === undefined || value === null ? '<no value>' : printValue(value);
  }

  get length(): number {
    return this.#out.length;
  }

  toString(): string {
    return this.#out;
  }
}

type State =
  | 'text'
  | 'comment'
  | 'tag-name'
  | 'tag'
  | 'attribute-name'
  | 'after-name'
  | 'before-value'
  | 'double-quoted'
  | 'single-quoted'
  | 'unquoted'
  | 'rcdata'
  | 'script'
  | 'style';

type AttributeKind = 'plain' | 'url' | 'css' | 'js';

const URL_ATTRIBUTES = new Set(
  'action archive background cite classid codebase data formaction href icon longdesc manifest ping poster profile src usemap xmlns'.split(
    ' ',
  ),
);

/**
 * Escapes each value for the place it stands in. Where that is follows from the output so far: unlike html/template, which
 * works it out from the template beforehand, it reads along while writing. Values never change the place, since they are escaped.
 */
export class HtmlWriter implements Writer {
  #out = '';
  #state: State = 'text';
  #element = '';
  #attribute = '';
  #closing = false;
  #urlPart: 'start' | 'path' | 'query' = 'start';
  #jsQuote = '';

  get length(): number {
    return this.#out.length;
  }

  toString(): string {
    return this.#out;
  }

  literal(text: string): void {
    for (let at = 0; at < text.length; ) at = this.#step(text, at);
  }

  /** Reads on from one place of the template's text; returns where to go on. */
  #step(text: string, at: number): number {
    const char = text[at] as string;
    switch (this.#state) {
      case 'text':
        if (text.startsWith('<!--', at)) {
          // Comments are not sent, as in html/template.
          this.#state = 'comment';
          return at + 4;
        }
        if (char === '<' && /[a-z/]/i.test(text[at + 1] ?? '')) this.#openTag(text[at + 1] === '/');
        break;
      case 'comment':
        if (!text.startsWith('-->', at)) return at + 1;
        this.#state = 'text';
        return at + 3;
      case 'rcdata':
      case 'script':
      case 'style':
        return this.#raw(text, at);
      default:
        this.#inTag(char);
    }
    this.#out += char;
    return at + 1;
  }

  #openTag(closing: boolean): void {
    this.#state = 'tag-name';
    this.#element = '';
    this.#closing = closing;
  }

  /** Inside of an element whose content is no markup: only its own end tag ends it. */
  #raw(text: string, at: number): number {
    const end = `</${this.#element}`;
    if (text.slice(at, at + end.length).toLowerCase() === end) {
      this.#out += text.slice(at, at + 1);
      this.#openTag(true);
      return at + 1;
    }
    const char = text[at] as string;
    const escaped = this.#jsQuote !== '' && char === '\\';
    if (this.#state === 'script' && '"\'`'.includes(char)) {
      if (this.#jsQuote === '') this.#jsQuote = char;
      else if (this.#jsQuote === char) this.#jsQuote = '';
    }
    const taken = escaped ? text.slice(at, at + 2) : char;
    this.#out += taken;
    return at + taken.length;
  }

  #inTag(char: string): void {
    const isSpace = /\s/.test(char);
    if (char === '>' && this.#state !== 'double-quoted' && this.#state !== 'single-quoted') {
      this.#endTag();
      return;
    }
    switch (this.#state) {
      case 'tag-name':
        if (isSpace) this.#state = 'tag';
        else if (char !== '/') this.#element += char.toLowerCase();
        break;
      case 'tag':
      case 'after-name':
        if (char === '=' && this.#state === 'after-name') this.#state = 'before-value';
        else if (!isSpace && char !== '/') {
          this.#state = 'attribute-name';
          this.#attribute = char.toLowerCase();
        }
        break;
      case 'attribute-name':
        if (char === '=') this.#state = 'before-value';
        else if (isSpace) this.#state = 'after-name';
        else this.#attribute += char.toLowerCase();
        break;
      case 'before-value':
        if (isSpace) break;
        this.#startValue(char === '"' ? 'double-quoted' : char === "'" ? 'single-quoted' : 'unquoted');
        if (char !== '"' && char !== "'") this.#followValue(char);
        break;
      case 'double-quoted':
      case 'single-quoted':
        if (char === (this.#state === 'double-quoted' ? '"' : "'")) this.#state = 'tag';
        else this.#followValue(char);
        break;
      default:
        if (isSpace) this.#state = 'tag';
        else this.#followValue(char);
    }
  }

  #startValue(state: State): void {
    this.#state = state;
    this.#urlPart = 'start';
    this.#jsQuote = '';
  }

  #followValue(char: string): void {
    if (char === '?' || char === '#') this.#urlPart = 'query';
    else if (this.#urlPart === 'start' && !/\s/.test(char)) this.#urlPart = 'path';
    if (`"'`.includes(char)) this.#jsQuote = this.#jsQuote === char ? '' : this.#jsQuote || char;
  }

  #endTag(): void {
    this.#jsQuote = '';
    this.#state = 'text';
    if (this.#closing) return;
    if (this.#element === 'title' || this.#element === 'textarea') this.#state = 'rcdata';
    if (this.#element === 'script' || this.#element === 'style') this.#state = this.#element;
  }

  value(value: Value, escapedBy: string | undefined): void {
    const text = value === undefined || value === null ? '' : printValue(value);
    const isHtml = value instanceof SafeText && value.kind === 'html';
    switch (this.#state) {
      case 'comment':
        return;
      case 'text':
        this.#out += isHtml || escapedBy === 'html' ? text : escapeHtml(text);
        return;
      case 'rcdata':
        this.#out += isHtml || escapedBy === 'html' ? normalizeHtml(text) : escapeHtml(text);
        return;
      case 'script':
        this.#out += this.#javaScript(value, text);
        return;
      case 'style':
        this.#out += filterCss(text);
        return;
      case 'before-value':
        this.#startValue('unquoted');
        break;
      case 'unquoted':
      case 'double-quoted':
      case 'single-quoted':
        break;
      default:
        // A name of a tag or attribute made from data could become anything, such as an event handler.
        this.#out += /^[a-z\d]+$/i.test(text) && !/^(on|style|src|href)/i.test(text) ? text : 'ZgotmplZ';
        return;
    }
    const safe = this.#attributeValue(value, isHtml ? text.replace(/<[^>]*>/g, '') : text, escapedBy);
    this.#out +=
      this.#state === 'unquoted' ? escapeHtmlUnquoted(safe) : isHtml ? normalizeHtml(safe) : escapeHtml(safe);
  }

  #attributeValue(value: Value, text: string, escapedBy: string | undefined): string {
    switch (attributeKind(this.#attribute)) {
      case 'plain':
        return text;
      case 'css':
        return filterCss(text);
      case 'js':
        return this.#javaScript(value, text);
      case 'url': {
        const vouched = value instanceof SafeText && value.kind === 'url';
        const part = this.#urlPart;
        if (part === 'start') this.#urlPart = 'path';
        if (part === 'query') return escapedBy === 'urlquery' ? text : vouched ? normalizeUrl(text) : escapeUrl(text);
        return normalizeUrl(part === 'start' && !vouched ? filterUrl(text) : text);
      }
    }
  }

  #javaScript(value: Value, text: string): string {
    return this.#jsQuote === '' ? escapeJson(toJson(value ?? null)) : escapeJsString(text);
  }
}

function attributeKind(name: string): AttributeKind {
  const bare = name.startsWith('data-') ? name.slice(5) : name.includes(':') ? name.slice(name.indexOf(':') + 1) : name;
  if (name.startsWith('xmlns:')) return 'url';
  if (bare.startsWith('on')) return 'js';
  if (bare === 'style') return 'css';
  if (URL_ATTRIBUTES.has(bare)) return 'url';
  const isOwn = name.startsWith('data-') || !/^[a-z-]+$/.test(name);
  return isOwn && /src|uri|url/.test(bare) ? 'url' : 'plain';
}
