// The pages composed by Fastify and undici: all that can be asked at once asked at once, answers written by schema.
import Fastify from "fastify";
import { orderPage, productPage } from "./schemas.js";
import { optional, required } from "./upstream.js";

const app = Fastify({ logger: false });

app.get("/api/v1/products/:id", answering(productPage), async (request) => {
  const product = await required(`/products/${encodeURIComponent(request.params.id)}`);
  const skus = product.variants.map((variant) => variant.sku);
  const degraded = [];
  const [levels, related] = await Promise.all([
    optional("stock", `/stock?skus=${skus.map(encodeURIComponent).join(",")}`, degraded),
    optional("related", `/products/${encodeURIComponent(product.id)}/related`, degraded),
  ]);
  const stock = levels && new Map(levels.items.map((level) => [level.sku, level.available]));
  for (const variant of product.variants) {
    variant.available = available(stock, [variant.sku]);
  }
  product.available = available(stock, skus);
  product.related = related && related.items;
  product.degraded = degraded.sort();
  return product;
});

app.get("/api/v1/orders/:id", answering(orderPage), async (request) => {
  const id = request.params.id;
  const degraded = [];
  const [order, payments] = await Promise.all([
    required(`/orders/${encodeURIComponent(id)}`),
    optional("payment", `/payments?order_ids=${encodeURIComponent(id)}`, degraded),
  ]);
  order.payment = payments?.items.find((payment) => payment.order_id === id) ?? null;
  order.degraded = degraded;
  return order;
});

function answering(schema) {
  return { schema: { response: { 200: schema } } };
}

// What there is of all these together; null when it is not known.
function available(stock, skus) {
  if (stock === null) {
    return null;
  }
  const counts = skus.map((sku) => (stock.has(sku) ? stock.get(sku) : 0));
  return counts.includes(null) ? null : counts.reduce((sum, count) => sum + count, 0);
}

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT), backlog: 1024 });
