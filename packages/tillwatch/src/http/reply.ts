import { QueryError } from '@tillwatch/promql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../query/question.ts';
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

/** Answers `{"status":"success","data":…}`; `data` is JSON text already, since values need Prometheus's number format. */
export function sendData(reply: FastifyReply, data: string): FastifyReply {
  return reply.type('application/json').send(`{"status":"success","data":${data}}`);
}

/** Answers a question, with its warnings and infos beside the data. */
export function sendAnswer(reply: FastifyReply, { data, warnings, infos }: Answer): FastifyReply {
  const notes = [
    warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '',
    infos.length > 0 ? `,"infos":${JSON.stringify(infos)}` : '',
  ];
  const parts = [Buffer.from('{"status":"success","data":'), data, Buffer.from(`${notes.join('')}}`)];
  return reply.type('application/json').send(Buffer.concat(parts));
}

/** Answers an error in the form of Prometheus's API. */
export function sendError(reply: FastifyReply, type: ErrorType, message: string): FastifyReply {
  return reply.code(STATUS[type]).send({ status: 'error', errorType: type, error: message });
}

/** The answer for whatever a handler threw. What is not a user's mistake is not explained to the outside. */
export function sendFailure(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof BadRequest) return sendError(reply, 'bad_data', error.message);
  if (error instanceof QueryError) return sendError(reply, errorTypeOf(error), error.message);
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

/** The parameters of a request: form body first, then the query string. */
export function parametersOf(request: FastifyRequest): Parameters {
  const queryAt = request.url.indexOf('?');
  const fromUrl = new URLSearchParams(queryAt === -1 ? '' : request.url.slice(queryAt + 1));
  return request.body instanceof URLSearchParams ? new Parameters(request.body, fromUrl) : new Parameters(fromUrl);
}
