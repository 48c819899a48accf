import type { Picture, Product } from '../../domain/catalogue.ts';
import { type Html, html } from '../html.ts';

/** Draws a product. The colours are those of the class `tone-…` around it, so that light and dark pages each have theirs. */
export function picture(product: Product): Html {
  const { picture: subject, slug, name } = product;
  switch (subject.kind) {
    case 'bag':
      return bag(slug, name, subject.scene);
    case 'dripper':
      return dripper(name);
    case 'mug':
      return mug(name);
    case 'grinder':
      return grinder(name);
  }
}

/** The class that colours the picture and the card it stands on. */
export function toneOf(subject: Picture): string {
  return `tone-${subject.kind === 'bag' ? subject.scene : subject.kind}`;
}

function bag(slug: string, name: string, scene: Extract<Picture, { kind: 'bag' }>['scene']): Html {
  return html`<svg class="picture" viewBox="0 0 240 300" role="img" aria-label="A bag of ${name}">
    <clipPath id="window-${slug}"><rect x="58" y="112" width="124" height="112" rx="62"/></clipPath>
    <ellipse class="shadow" cx="120" cy="284" rx="84" ry="9"/>
    <path class="bag" d="M48 44 Q44 150 38 270 Q38 282 52 283 Q120 289 188 283 Q202 282 202 270 Q196 150 192 44 Z"/>
    <path class="fold" d="M48 44 Q44 150 38 270 Q38 282 52 283 Q60 284 68 284 Q62 160 64 44 Z"/>
    <path class="fold light" d="M192 44 Q196 150 202 270 Q202 282 188 283 Q182 284 174 284 Q180 160 178 44 Z"/>
    <path class="seal" d="M46 20 H194 L192 52 H48 Z"/>
    <path class="stitch" d="M50 34 H190 M50 44 H190"/>
    <rect class="tie" x="40" y="26" width="160" height="8" rx="4"/>
    <text class="brand" x="120" y="76">BERGFALKE</text>
    <text class="name" x="120" y="98">${name}</text>
    <g clip-path="url(#window-${slug})">${SCENES[scene]}</g>
    <rect class="frame" x="58" y="112" width="124" height="112" rx="62"/>
    <text class="fine" x="120" y="248">SPECIALITY COFFEE</text>
    <path class="rule" d="M84 258 H156"/>
    <circle class="valve" cx="178" cy="66" r="4.500"/>
  </svg>`;
}

const SCENES: Readonly<Record<Extract<Picture, { kind: 'bag' }>['scene'], Html>> = {
  peaks: html`<rect class="sky" x="50" y="104" width="140" height="128"/>
    <circle class="sun" cx="150" cy="144" r="15"/>
    <path class="far" d="M50 206 L84 160 L104 184 L132 142 L190 214 V232 H50 Z"/>
    <path class="snow" d="M132 142 L118 163 L127 170 L134 160 L142 172 L149 163 Z"/>
    <path class="near" d="M50 232 V204 L78 184 L112 212 L150 188 L190 216 V232 Z"/>`,
  sunrise: html`<rect class="sky" x="50" y="104" width="140" height="128"/>
    <path class="rays" d="M120 196 L70 130 M120 196 L96 120 M120 196 V114 M120 196 L144 120 M120 196 L170 130 M120 196 L58 156 M120 196 L182 156"/>
    <circle class="sun" cx="120" cy="194" r="30"/>
    <path class="far" d="M50 204 Q86 178 120 200 T190 196 V232 H50 Z"/>
    <path class="near" d="M50 216 Q90 200 126 216 T190 212 V232 H50 Z"/>`,
  river: html`<rect class="sky" x="50" y="104" width="140" height="128"/>
    <circle class="sun" cx="92" cy="140" r="12"/>
    <path class="far" d="M50 186 L92 146 L118 172 L150 136 L190 182 V232 H50 Z"/>
    <path class="near" d="M50 184 Q92 166 120 180 T190 176 V232 H50 Z"/>
    <path class="water" d="M126 180 Q104 190 122 198 Q150 208 112 232 H148 Q172 208 138 196 Q122 189 136 180 Z"/>`,
  forest: html`<rect class="sky" x="50" y="104" width="140" height="128"/>
    <circle class="sun" cx="146" cy="138" r="12"/>
    <path class="far" d="M60 196 L76 148 L92 196 Z M92 200 L110 140 L128 200 Z M132 198 L148 152 L164 198 Z M160 200 L174 158 L188 200 Z M50 190 H190 V232 H50 Z"/>
    <path class="near" d="M50 222 L66 172 L82 222 Z M76 224 L94 166 L112 224 Z M112 224 L132 170 L152 224 Z M146 224 L164 176 L182 224 Z M50 214 H190 V232 H50 Z"/>`,
  night: html`<rect class="sky" x="50" y="104" width="140" height="128"/>
    <path class="sun" d="M146 126 A18 18 0 1 0 158 158 A15 15 0 1 1 146 126 Z"/>
    <path class="snow" d="M86 134 h2 v2 h-2 Z M102 122 h2 v2 h-2 Z M76 158 h2 v2 h-2 Z M116 146 h2 v2 h-2 Z M98 168 h1.5 v1.5 h-1.5 Z M166 178 h2 v2 h-2 Z M126 126 h1.5 v1.5 h-1.5 Z"/>
    <path class="far" d="M50 204 L88 176 L118 196 L152 170 L190 200 V232 H50 Z"/>
    <path class="near" d="M50 206 Q120 194 190 206 V232 H50 Z"/>
    <path class="lights" d="M78 204 h8 M92 202.5 h8 M106 201.5 h8 M120 201 h8 M134 201.5 h8 M148 202.5 h8"/>`,
  valley: html`<rect class="sky" x="50" y="104" width="140" height="128"/>
    <circle class="sun" cx="104" cy="142" r="13"/>
    <path class="far" d="M50 190 L100 152 L132 178 L160 150 L190 176 V232 H50 Z"/>
    <path class="near" d="M50 196 Q90 178 122 196 T190 190 V232 H50 Z"/>
    <path class="blossom" d="M78 206 a4 4 0 1 0 .1 0 Z M102 214 a4.500 4.500 0 1 0 .1 0 Z M130 208 a4 4 0 1 0 .1 0 Z M152 216 a4.500 4.500 0 1 0 .1 0 Z M118 224 a3.500 3.500 0 1 0 .1 0 Z M166 204 a3.500 3.500 0 1 0 .1 0 Z"/>`,
};

function dripper(name: string): Html {
  return html`<svg class="picture" viewBox="0 0 240 300" role="img" aria-label="${name}, a pour-over dripper on a carafe">
    <ellipse class="shadow" cx="120" cy="272" rx="72" ry="8"/>
    <path class="glass" d="M88 158 H152 L176 246 Q180 268 158 268 H82 Q60 268 64 246 Z"/>
    <path class="coffee" d="M72 218 H168 L176 246 Q180 268 158 268 H82 Q60 268 64 246 Z"/>
    <path class="drop" d="M120 172 q7 11 0 15 q-7 -4 0 -15 Z"/>
    <path class="body" d="M58 62 H182 L148 140 H92 Z"/>
    <path class="groove" d="M78 62 Q90 104 102 140 M104 62 Q110 104 112 140 M136 62 Q130 104 128 140 M162 62 Q150 104 138 140"/>
    <path class="body" d="M176 76 q34 2 24 32 q-8 22 -40 16 l4 -11 q22 4 25 -9 q3 -14 -17 -15 Z"/>
    <rect class="rim" x="52" y="54" width="136" height="12" rx="6"/>
    <path class="body" d="M78 138 H162 q8 0 8 8 v4 q0 8 -8 8 H78 q-8 0 -8 -8 v-4 q0 -8 8 -8 Z"/>
    <path class="steam" d="M96 40 q-8 -10 0 -18 t0 -16 M122 40 q-8 -10 0 -18 t0 -16 M148 40 q-8 -10 0 -18 t0 -16"/>
  </svg>`;
}

function mug(name: string): Html {
  return html`<svg class="picture" viewBox="0 0 240 300" role="img" aria-label="${name}, an enamel mug">
    <ellipse class="shadow" cx="112" cy="256" rx="76" ry="8"/>
    <path class="handle" d="M168 138 q44 -6 42 38 q-2 42 -46 40"/>
    <path class="body" d="M44 112 H180 L174 238 Q173 252 158 252 H66 Q51 252 50 238 Z"/>
    <ellipse class="inside" cx="112" cy="112" rx="68" ry="15"/>
    <ellipse class="coffee" cx="112" cy="116" rx="58" ry="10"/>
    <ellipse class="rim" cx="112" cy="112" rx="68" ry="15"/>
    <path class="mark" d="M72 208 L98 168 L112 188 L130 158 L154 208 Z"/>
    <path class="groove" d="M94 142 q8 -10 18 -2 q10 -8 18 2"/>
    <path class="steam" d="M88 86 q-10 -12 0 -22 t0 -22 M114 80 q-10 -12 0 -22 t0 -22 M140 86 q-10 -12 0 -22 t0 -22"/>
  </svg>`;
}

function grinder(name: string): Html {
  return html`<svg class="picture" viewBox="0 0 240 300" role="img" aria-label="${name}, a hand grinder">
    <ellipse class="shadow" cx="116" cy="282" rx="56" ry="7"/>
    <path class="handle" d="M116 62 V46 H196"/>
    <circle class="knob" cx="200" cy="40" r="17"/>
    <path class="rim" d="M84 64 H148 Q156 64 156 74 V92 H76 V74 Q76 64 84 64 Z"/>
    <rect class="body" x="74" y="92" width="84" height="92" rx="6"/>
    <path class="groove" d="M90 92 V184 M106 92 V184 M126 92 V184 M142 92 V184"/>
    <rect class="rim" x="70" y="184" width="92" height="14" rx="7"/>
    <path class="glass" d="M78 198 H154 V262 Q154 278 138 278 H94 Q78 278 78 262 Z"/>
    <path class="coffee" d="M78 240 q20 -10 38 0 t38 -2 V262 Q154 278 138 278 H94 Q78 278 78 262 Z"/>
  </svg>`;
}
