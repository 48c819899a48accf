import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import { StoreError } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../query/question.ts';
import { RemoteReadError } from '../query/remote-read.ts';
import { UnreadableQuery } from '../query/unreadable-query.ts';
import { BadRequest, Parameters } from './parameters.ts';

/** The error types of Prometheus's HTTP API, each with its HTTP status. */
const STATUS = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  unavailable: 503,
  not_found: 404,
  internal: 500,
} as const;

type ErrorType = keyof typeof STATUS;

const zip = promisify(gzip);
/** Speed before size: JSON of samples becomes a fifth already at the fastest level. */
const GZIP = { level: constants.Z_BEST_SPEED };
/** Smaller answers fit into one packet as they are. */
const WORTH_ZIPPING_BYTES = 1_400;

/** Answers `{"status":"success","data":…}`; `data` is JSON text already, since values need Prometheus's number format. */
export function sendData(reply: FastifyReply, data: string): Promise<FastifyReply> {
  return sendJson(reply, Buffer.from(`{"status":"success","data":${data}}`));
}

/** Answers a question, with its warnings and infos beside the data. A large answer is sent piece by piece as it is written. */
export function sendAnswer(reply: FastifyReply, { data, rest, warnings, infos }: Answer): Promise<FastifyReply> {
  const notes = [
    warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '',
    infos.length > 0 ? `,"infos":${JSON.stringify(infos)}` : '',
  ];
  const head = Buffer.from('{"status":"success","data":');
  const tail = Buffer.from(`${notes.join('')}}`);
  if (rest === undefined) return sendJson(reply, Buffer.concat([head, data, tail]));
  return sendPieces(reply, async function* () {
    yield head;
    yield data;
    yield* rest;
    yield tail;
  });
}

/** Answers an error in the form of Prometheus's API. `details` say more than Prometheus does. */
export function sendError(
  reply: FastifyReply,
  type: ErrorType,
  message: string,
  details?: string,
): Promise<FastifyReply> {
  const body = { status: 'error', errorType: type, error: message, details };
  return sendJson(reply.code(STATUS[type]), Buffer.from(JSON.stringify(body)));
}

/** The answer for whatever a handler threw. What is not a user's mistake is not explained to the outside. */
export function sendFailure(reply: FastifyReply, error: unknown): Promise<FastifyReply> {
  if (error instanceof BadRequest) return sendError(reply, 'bad_data', error.message, error.details);
  if (error instanceof UnreadableQuery) {
    return sendError(reply, 'bad_data', `invalid parameter "query": ${error.message}`, error.details);
  }
  if (error instanceof RemoteReadError) return sendError(reply, 'bad_data', error.message);
  if (error instanceof QueryError) return sendError(reply, errorTypeOf(error), error.message);
  if (error instanceof StoreError) return sendError(reply, 'internal', error.message);
  throw error;
}

function errorTypeOf(error: QueryError): ErrorType {
  switch (error.kind) {
    case 'parse':
      return 'bad_data';
    case 'timeout':
      return 'timeout';
    case 'canceled':
      return 'canceled';
    default:
      return 'execution';
  }
}

async function sendJson(reply: FastifyReply, body: Buffer): Promise<FastifyReply> {
  reply.header('content-type', 'application/json').header('vary', 'Accept-Encoding');
  if (body.length < WORTH_ZIPPING_BYTES || !takesGzip(reply.request)) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(await zip(body, GZIP));
}

/** A piece is taken when the client has read the one before; when it goes, those that are left are not asked for. */
async function sendPieces(
  reply: FastifyReply,
  pieces: () => AsyncGenerator<Uint8Array, void, undefined>,
): Promise<FastifyReply> {
  reply.header('content-type', 'application/json').header('vary', 'Accept-Encoding');
  const source = Readable.from(pieces(), { objectMode: false, highWaterMark: 64 * 1024 });
  if (!takesGzip(reply.request)) return reply.send(source);
  // Errors end the answer in the middle, which is how the client learns of them.
  return reply.header('content-encoding', 'gzip').send(pipeline(source, createGzip(GZIP), () => {}));
}

/** Does the client say that it can read gzip? */
function takesGzip(request: FastifyRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  const texts = (Array.isArray(accepted) ? accepted.join(',') : (accepted ?? '')).split(',');
  return texts.some((text) => /^\s*(gzip|\*)\s*(;\s*q=(0\.\d*[1-9]\d*|1(\.0*)?))?\s*$/i.test(text));
}

/** The parameters of a request: form body first, then the query string. */
export function parametersOf(request: FastifyRequest): Parameters {
  const queryAt = request.url.indexOf('?');
  const fromUrl = new URLSearchParams(queryAt === -1 ? '' : request.url.slice(queryAt + 1));
  return request.body instanceof URLSearchParams ? new Parameters(request.body, fromUrl) : new Parameters(fromUrl);
}
