// The catalogue, and the placing of orders: publish, consume, and look every second whether the answer has come.
// As in the prototype, each order leaves an entry in the map and a consumer on the channel.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "./broker.js";
import { Product, open } from "./database.js";
import { authenticated, listen, makeApp } from "./service.js";

const POLL_MILLISECONDS = 1000;

await open();
const broker = await connect(process.env.AMQP_URL, "rival.products");
const orders = new Map();
const app = makeApp();

app.post("/", authenticated, async (request, response) => {
  const { name, price, description } = request.body;
  response.status(201).json(await Product.create({ name, price, description }));
});

app.post("/buy", authenticated, async (request, response) => {
  const products = await Product.find({ _id: { $in: request.body.ids } });
  const orderId = randomUUID();
  const { username } = request.user;
  orders.set(orderId, { status: "pending", products, username });
  broker.publish("rival.orders", { products, username, orderId });
  broker.consume((answer) => {
    const order = orders.get(answer.orderId);
    orders.set(answer.orderId, { ...order, ...answer, status: "completed" });
  });
  let order = orders.get(orderId);
  while (order.status !== "completed") {
    await sleep(POLL_MILLISECONDS);
    order = orders.get(orderId);
  }
  response.status(201).json(order);
});

listen(app);
