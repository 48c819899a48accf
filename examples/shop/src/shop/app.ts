import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import { findProduct } from '../domain/catalogue.ts';
import { type Channel, isChannel, isRegion, type Region } from '../domain/journey.ts';
import { cutOff, readAsset, serveAsset } from './assets.ts';
import { type Cart, CartCookie, itemCount, MAX_QUANTITY, readCookie, withQuantity } from './cart.ts';
import { type Checkout, MistakeError, type ShopLog, StepFailedError } from './checkout.ts';
import { failureOf } from './failure.ts';
import type { OrderStore } from './orders.ts';
import { cartPage } from './pages/cart.ts';
import { cataloguePage } from './pages/catalogue.ts';
import { checkoutPage } from './pages/checkout.ts';
import { messagePage, type Visitor } from './pages/layout.ts';
import { orderPage } from './pages/order.ts';
import { productPage } from './pages/product.ts';
import { acceptForms, secure } from './security.ts';
import type { Tally } from './stats.ts';

export interface ShopAppOptions {
  readonly checkout: Checkout;
  readonly orders: OrderStore;
  readonly tally: Tally;
  readonly log: ShopLog;
  readonly cookieSecret: string;
  /** Whether the checkout page's script is served cut off. */
  readonly isPageBroken: () => boolean;
  /** Adds what watches the requests, and `GET /metrics`; called before any route exists. */
  readonly instrument: (app: FastifyInstance) => unknown;
  readonly serverFactory: FastifyServerFactory;
}

/** The shop's pages and its checkout API. Does not listen by itself: that is up to the server it was given. */
export async function createShopApp(options: ShopAppOptions): Promise<FastifyInstance> {
  const { log } = options;
  const app = Fastify({
    bodyLimit: 8192,
    routerOptions: { maxParamLength: 100 },
    serverFactory: options.serverFactory,
  });
  await options.instrument(app);
  secure(app);
  acceptForms(app);
  const visitors = new Visitors(new CartCookie(options.cookieSecret));
  app.setNotFoundHandler((request, reply) =>
    sendPage(reply.code(404), messagePage(visitors.of(request), 'Not found', 'There is nothing at this address.')),
  );
  app.setErrorHandler((error, request, reply) => {
    if (request.url.startsWith('/api/')) return sendApiError(reply, error, log);
    const status = statusOf(error);
    if (status >= 500) log.warn({ route: request.routeOptions.url, reason: failureOf(error).reason }, 'page failed');
    const [title, text] =
      status >= 500
        ? ['A slow moment', 'This page cannot be shown right now. Please try again shortly.']
        : ['That did not work', 'We could not make sense of this request.'];
    return sendPage(reply.code(status), messagePage(visitors.of(request), title, text));
  });
  addAssets(app, options.isPageBroken);
  addPages(app, options, visitors);
  addApi(app, options, visitors);
  app.get('/healthz', () => ({ ok: true }));
  await app.ready();
  return app;
}

function addAssets(app: FastifyInstance, isPageBroken: () => boolean): void {
  const whole = readAsset('checkout.js');
  const broken = cutOff('checkout.js');
  serveAsset(app, 'checkout.js', () => (isPageBroken() ? broken : whole));
  for (const file of ['shop.css', 'mark.svg']) {
    const asset = readAsset(file);
    serveAsset(app, file, () => asset);
  }
}

function addPages(app: FastifyInstance, { orders, tally }: ShopAppOptions, visitors: Visitors): void {
  app.get('/', async (request, reply) => sendPage(reply, cataloguePage(visitors.of(request), await orders.offered())));

  app.get<{ Params: { slug: string } }>('/products/:slug', async (request, reply) => {
    const product = findProduct(request.params.slug);
    if (product === undefined) return reply.callNotFound();
    const offered = await orders.offered();
    return sendPage(reply, productPage(visitors.of(request), product, offered.has(product.slug)));
  });

  app.get('/cart', (request, reply) => sendPage(reply, cartPage(visitors.of(request), visitors.cart(request))));

  app.post('/cart', (request, reply) => {
    const { slug = '', quantity = '1', mode } = (request.body ?? {}) as Record<string, string>;
    const cart = visitors.cart(request);
    const wanted = Math.min(Math.max(Math.trunc(Number(quantity)) || 0, 0), MAX_QUANTITY);
    const already = mode === 'set' ? 0 : (cart.get(slug) ?? 0);
    visitors.keep(reply, withQuantity(cart, slug, already + wanted));
    return reply.redirect('/cart', 303);
  });

  app.post('/region', (request, reply) => {
    const { region, back } = (request.body ?? {}) as Record<string, string>;
    if (isRegion(region)) visitors.keepRegion(reply, region);
    return reply.redirect(isLocalPath(back) ? back : '/', 303);
  });

  app.get('/checkout', (request, reply) => {
    const cart = visitors.cart(request);
    if (cart.size === 0) return reply.redirect('/cart', 303);
    tally.pageViews++;
    return sendPage(reply, checkoutPage(visitors.of(request), cart));
  });

  app.get<{ Params: { token: string } }>('/orders/:token', async (request, reply) => {
    const order = await orders.find(request.params.token);
    if (order === undefined) return reply.callNotFound();
    return sendPage(reply, orderPage(visitors.of(request), order));
  });
}

function addApi(app: FastifyInstance, { checkout }: ShopAppOptions, visitors: Visitors): void {
  type Step = { Params: { id: string } };
  app.post('/api/checkout', async (request, reply) => {
    const channel = (request.body as { channel?: unknown } | null)?.channel;
    const cart = visitors.cart(request);
    const { traceparent } = request.headers;
    const started = await checkout.start(
      cart,
      visitors.region(request),
      isChannel(channel) ? channel : 'web',
      typeof traceparent === 'string' ? traceparent : undefined,
    );
    return reply.code(201).send(started);
  });
  app.post<Step>('/api/checkout/:id/address', async (request) => {
    await checkout.address(request.params.id, request.body);
    return { next: 'shipping' };
  });
  app.post<Step>('/api/checkout/:id/shipping', (request) => checkout.shipping(request.params.id, request.body));
  app.post<Step>('/api/checkout/:id/payment', (request) => checkout.payment(request.params.id, request.body));
  app.post<Step>('/api/checkout/:id/confirm', async (request, reply) => {
    const order = await checkout.confirm(request.params.id);
    visitors.keep(reply, new Map());
    return { number: order.number, url: `/orders/${order.token}` };
  });
  app.post<Step>('/api/checkout/:id/leave', (request, reply) => {
    checkout.leave(request.params.id);
    return reply.code(204).send();
  });
}

/** What a request tells about who makes it: cart and region are cookies, the channel comes with the app's links. */
class Visitors {
  readonly #cookie: CartCookie;

  constructor(cookie: CartCookie) {
    this.#cookie = cookie;
  }

  cart(request: FastifyRequest): Cart {
    return this.#cookie.read(readCookie(request.headers.cookie, 'cart'));
  }

  region(request: FastifyRequest): Region {
    const region = readCookie(request.headers.cookie, 'region');
    return isRegion(region) ? region : 'eu';
  }

  of(request: FastifyRequest): Visitor {
    const channel = (request.query as { channel?: unknown } | undefined)?.channel;
    const known: Channel = isChannel(channel) ? channel : 'web';
    return {
      region: this.region(request),
      channel: known,
      cartCount: itemCount(this.cart(request)),
      path: request.url.slice(0, 200),
    };
  }

  keep(reply: FastifyReply, cart: Cart): void {
    reply.header('set-cookie', `cart=${this.#cookie.write(cart)}; ${COOKIE_RULES}`);
  }

  keepRegion(reply: FastifyReply, region: Region): void {
    reply.header('set-cookie', `region=${region}; ${COOKIE_RULES}`);
  }
}

const COOKIE_RULES = 'Path=/; HttpOnly; SameSite=Lax; Max-Age=604800';

/** Only a path of this shop: `//elsewhere` and `/\elsewhere` are other hosts to a browser. */
function isLocalPath(path: string | undefined): path is string {
  return path !== undefined && /^\/(?![/\\])[\w\-/?=&.]*$/.test(path);
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page);
}

const MISTAKE_STATUS: Readonly<Record<MistakeError['code'], number>> = {
  not_found: 404,
  wrong_step: 409,
  busy: 409,
  empty_cart: 422,
  invalid: 422,
};

function sendApiError(reply: FastifyReply, error: unknown, log: ShopLog): FastifyReply {
  if (error instanceof MistakeError) {
    const { code, message, fields } = error;
    return reply.code(MISTAKE_STATUS[code]).send({ error: { code, message, fields } });
  }
  if (error instanceof StepFailedError) {
    const { status, reason, message } = error.failure;
    return reply.code(status).send({ error: { code: reason, message } });
  }
  const status = statusOf(error);
  if (status >= 500) log.error({ stack: error instanceof Error ? error.stack : String(error) }, 'request crashed');
  const message = status >= 500 ? 'Something went wrong on our side.' : 'We could not make sense of this request.';
  return reply.code(status).send({ error: { code: status >= 500 ? 'internal_error' : 'bad_request', message } });
}

/** Fastify's own refusals (too large, no JSON) carry a status; everything else is ours. */
function statusOf(error: unknown): number {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 600) return status;
  return failureOf(error).status;
}
