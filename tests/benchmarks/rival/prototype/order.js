// Orders: each message becomes a document, and an answer.
import { connect } from "./broker.js";
import { Order, open } from "./database.js";
import { listen, makeApp } from "./service.js";

await open();
const broker = await connect(process.env.AMQP_URL, "rival.orders");

await broker.consume(async ({ products, username, orderId }) => {
  const totalPrice = products.reduce((total, { price }) => total + price, 0);
  const order = await Order.create({ products, user: username, totalPrice });
  broker.publish("rival.products", { orderId, user: username, products: order.products, totalPrice });
});

listen(makeApp());
