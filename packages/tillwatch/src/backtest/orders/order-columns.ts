import { closest } from '@tillwatch/model';
import { InputError } from '../input-error.ts';

/** What a column can say about an order. */
export type OrderField =
  | 'id'
  | 'time'
  | 'status'
  | 'amount'
  | 'currency'
  | 'provider'
  | 'method'
  | 'reason'
  | 'channel'
  | 'region';

/** The names under which shops and payment providers export a field, the best first; without what is no letter or digit. */
const NAMES: Readonly<Record<OrderField, string>> = {
  id: 'id,chargeid,orderid,ordernumber,order,name,paymentid,transactionid',
  time: 'createdutc,createddateutc,created,createdat,createddate,creationdate,timestamp,time,datetime,date,orderdate,datecreated,datetimeutc,placedat,orderedat,paidat,paymentdate',
  status: 'status,outcome,financialstatus,paymentstatus,orderstatus,state,result',
  amount: 'amount,total,ordertotal,grandtotal,ordervalue,value,totalprice,totalamount,amountpaid,price',
  currency: 'currency,currencycode,ordercurrency',
  provider: 'provider,gateway,paymentgateway,paymentprovider,processor,psp',
  method: 'paymentmethod,paymentmethodtype,method,paymentsourcetype,paymentmethodtitle,paymenttype',
  reason:
    'failurecode,declinecode,declinereason,failurereason,errorcode,reasoncode,reason,refusalreason,error,failuremessage,sellermessage',
  channel: 'channel,saleschannel,device',
  region: 'region,country,shippingcountry,billingcountry,cardissuecountry',
};

/** All fields, in the order in which they are told. */
export const ORDER_FIELDS = Object.keys(NAMES) as OrderField[];

/** Where each field stands in a row; a field that is nowhere is not in it. */
export type OrderColumns = ReadonlyMap<OrderField, number>;

/**
 * Finds the columns of a header row. `given` names columns by hand and wins.
 * @throws {InputError} when there is no time, or when a given column is not there
 */
export function findColumns(
  header: readonly string[],
  given: ReadonlyMap<OrderField, string>,
  place: { readonly file: string; readonly line: number },
): OrderColumns {
  const names = header.map(bare);
  const columns = new Map<OrderField, number>();
  for (const field of ORDER_FIELDS) {
    const wanted = given.get(field);
    const index =
      wanted === undefined
        ? NAMES[field]
            .split(',')
            .map((name) => names.indexOf(name))
            .find((at) => at !== -1)
        : names.indexOf(bare(wanted));
    if (wanted !== undefined && index === -1) throw noSuchColumn(wanted, header, place);
    if (index !== undefined && index !== -1) columns.set(field, index);
  }
  if (columns.has('time')) return columns;
  throw new InputError(
    place,
    `no column says when an order was placed; there are: ${header.map((name) => JSON.stringify(name)).join(', ')}`,
    'name it: --columns time="…" (and status=…, amount=…, currency=…, provider=…, method=…, reason=… where they have other names)',
  );
}

function noSuchColumn(
  wanted: string,
  header: readonly string[],
  place: { readonly file: string; readonly line: number },
): InputError {
  const meant = closest(wanted, header);
  const hint =
    meant === undefined
      ? `there are: ${header.map((name) => JSON.stringify(name)).join(', ')}`
      : `did you mean ${JSON.stringify(meant)}?`;
  return new InputError(place, `there is no column ${JSON.stringify(wanted)}`, hint);
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
}
