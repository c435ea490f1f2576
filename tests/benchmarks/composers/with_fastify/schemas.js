// What the pages look like: Fastify compiles these into functions that write exactly these fields.
const object = (properties) => ({ type: "object", properties });
const list = (items) => ({ type: "array", items });
const nullable = (schema) => ({ ...schema, nullable: true });

const text = { type: "string" };
const number = { type: "integer" };
const nothing = { type: "null", default: null };
const money = object({ amount: number, currency: text });
const texts = { type: "object", additionalProperties: nullable(text) };

const card = {
  id: text,
  slug: text,
  name: text,
  price: money,
  compare_at_price: nullable(money),
  brand: nullable(text),
  category: nullable(text),
  image: nullable(text),
  rating: nothing,
};

export const productPage = object({
  ...card,
  description: text,
  tags: list(text),
  images: list(object({ url: text, alt: text, primary: { type: "boolean" } })),
  variants: list(object({ sku: text, attributes: texts, price: money, available: nullable(number) })),
  seo: texts,
  status: text,
  published_at: nullable(text),
  created_at: text,
  updated_at: text,
  available: nullable(number),
  reviews: nothing,
  related: nullable(list(object(card))),
  degraded: list(text),
});

const line = object({
  sku: text,
  product_id: text,
  name: text,
  image: nullable(text),
  quantity: number,
  unit_price: money,
  line_total: money,
});

export const orderPage = object({
  order_id: text,
  status: text,
  reason: nullable(text),
  items: list(line),
  subtotal: money,
  discount: money,
  shipping: money,
  total: money,
  shipping_address: texts,
  timeline: list(object({ sequence: number, status: text, at: text })),
  created_at: text,
  updated_at: text,
  payment: nullable(
    object({
      payment_id: text,
      order_id: text,
      status: text,
      amount: money,
      captured: nullable(money),
      refunded: nullable(money),
    }),
  ),
  shipment: nothing,
  degraded: list(text),
});
