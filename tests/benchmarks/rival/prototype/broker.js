// RabbitMQ as the prototype uses it: one channel, durable queues, no publisher confirms.
import amqp from "amqplib";

export async function connect(url, queue) {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue(queue, { durable: true });
  return {
    publish(to, message) {
      channel.sendToQueue(to, Buffer.from(JSON.stringify(message)), { persistent: true });
    },
    consume(handle) {
      return channel.consume(queue, async (delivery) => {
        await handle(JSON.parse(delivery.content.toString()));
        channel.ack(delivery);
      });
    },
  };
}
