// Writes are acknowledged by the journal of a majority, as Portico's are.
import mongoose from "mongoose";

export function open() {
  return mongoose.connect(process.env.MONGODB_URL, { w: "majority", journal: true });
}

export const User = mongoose.model(
  "User",
  new mongoose.Schema({
    username: { type: String, required: true, unique: true },
    password: { type: String, required: true },
  }),
);

export const Product = mongoose.model(
  "Product",
  new mongoose.Schema({
    name: { type: String, required: true },
    price: { type: Number, required: true },
    description: String,
  }),
);

export const Order = mongoose.model(
  "Order",
  new mongoose.Schema({
    products: [{ _id: mongoose.Schema.Types.ObjectId, name: String, price: Number }],
    user: { type: String, required: true },
    totalPrice: { type: Number, required: true, min: 0 },
    createdAt: { type: Date, default: Date.now },
  }),
);
